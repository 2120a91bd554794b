// What a request head must be beyond what Beast's parser checks (RFC 9112), and the refusals.
#pragma once
#include <boost/beast/http.hpp>

#include "loop.hpp"

namespace cbeast {

namespace http = beast::http;
using Parser = http::request_parser<http::string_body>;

/// A status and a sentence for people; 0 is no refusal.
struct Refusal {
  int status = 0;
  const char *detail = "";
  explicit operator bool() const { return status != 0; }
};

/// Finds the end of a head line by line as bytes arrive, refusing what a lenient parser would read differently.
class HeadScanner {
 public:
  enum class Verdict { more, complete, refused };
  Verdict scan(const char *data, size_t count, const cb_config &limits);

  size_t begin = 0;  // after a leading empty line
  size_t end = 0;    // after the blank line, once complete
  Refusal refusal;

 private:
  Verdict refuse(int status, const char *detail);
  size_t searched = 0;
  size_t line = 0;
  uint32_t lines = 0;
};

/// Checks a parsed head and fills `head` with borrowed slices of it; the headers are put into `scratch`.
Refusal check(const Parser &parser, std::vector<cb_header> &scratch, cb_head &head);

size_t field_count(const Parser &parser);

const char *reason(int status);
/// Header fields after Date and Connection, blank line and the problem document (RFC 9457).
std::string problem(const Refusal &refusal);

}  // namespace cbeast
