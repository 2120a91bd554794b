#include "head.hpp"

#include <cstring>

namespace cbeast {

HeadScanner::Verdict HeadScanner::refuse(int status, const char *detail) {
  refusal = {status, detail};
  return Verdict::refused;
}

HeadScanner::Verdict HeadScanner::scan(const char *data, size_t count, const cb_config &limits) {
  while (searched < count) {
    auto found = static_cast<const char *>(std::memchr(data + searched, '\n', count - searched));
    if (!found) {
      searched = count;
      break;
    }
    size_t newline = found - data;
    searched = newline + 1;
    if (newline == line || data[newline - 1] != '\r') return refuse(400, "A line of the head does not end in CRLF.");
    size_t length = newline - 1 - line;
    if (length == 0) {
      if (lines == 0) {
        if (begin != 0) return refuse(400, "The request line is missing.");
        begin = line = newline + 1;
        continue;
      }
      end = newline + 1;
      return end - begin > limits.head_bytes_max ? refuse(431, "The head is too large.") : Verdict::complete;
    }
    if (lines > 0 && (data[line] == ' ' || data[line] == '\t')) return refuse(400, "A header line is folded.");
    if (std::memchr(data + line, '\r', length)) return refuse(400, "A line of the head contains a bare CR.");
    if (std::memchr(data + line, '\0', length)) return refuse(400, "The head contains a NUL.");
    if (lines++ > limits.headers_max) return refuse(431, "There are too many headers.");
    line = newline + 1;
  }
  if (count - begin > limits.head_bytes_max) return refuse(431, "The head is too large.");
  return Verdict::more;
}

namespace {

cb_slice slice(beast::string_view text) { return {text.data(), text.size()}; }

bool is_host(beast::string_view host) {
  for (unsigned char c : host) {
    if (c <= ' ' || c >= 0x7f || std::strchr("/?#@\\\"<>^`{|}", c)) return false;
  }
  return true;
}

/// Rewrites an absolute target to origin form. False when it is in no form this server answers.
bool normalize(beast::string_view method, beast::string_view host, beast::string_view &target) {
  if (target.empty()) return false;
  for (unsigned char c : target) {
    if (c <= ' ' || c >= 0x7f || c == '#') return false;
  }
  if (target == "*") return method == "OPTIONS";
  if (method == "CONNECT") return false;
  if (target.front() == '/') return true;
  constexpr size_t scheme = 7;
  if (target.size() <= scheme || !beast::iequals(target.substr(0, scheme), "http://")) return false;
  auto rest = target.substr(scheme);
  auto slash = rest.find('/');
  if (!beast::iequals(rest.substr(0, slash), host)) return false;
  target = slash == beast::string_view::npos ? beast::string_view("/", 1) : rest.substr(slash);
  return true;
}

}  // namespace

Refusal check(const Parser &parser, std::vector<cb_header> &scratch, cb_head &head) {
  const auto &message = parser.get();
  bool is_11 = message.version() >= 11;
  unsigned hosts = 0, codings = 0;
  beast::string_view host, coding;
  scratch.clear();
  head = {};
  for (const auto &field : message) {
    scratch.push_back({slice(field.name_string()), slice(field.value())});
    switch (field.name()) {
      case http::field::host:
        hosts++;
        host = field.value();
        break;
      case http::field::transfer_encoding:
        codings++;
        coding = field.value();
        break;
      case http::field::if_none_match:
        head.if_none_match = slice(field.value());
        break;
      case http::field::cookie:
      case http::field::authorization:
        head.has_credentials = true;
        break;
      case http::field::expect:
        if (!beast::iequals(field.value(), "100-continue")) return {417, "This expectation cannot be met."};
        break;
      default:
        break;
    }
  }
  if (hosts > 1 || (hosts == 0 && is_11)) return {400, "A request needs exactly one Host."};
  if (!is_host(host)) return {400, "The Host is malformed."};
  if (codings > 0) {
    if (!is_11) return {400, "Transfer-Encoding needs HTTP/1.1."};
    if (codings > 1) return {400, "There is more than one Transfer-Encoding."};
    if (!beast::iequals(coding, "chunked")) return {501, "This Transfer-Encoding is not known here."};
    if (message.count(http::field::content_length)) {
      return {400, "Content-Length and Transfer-Encoding exclude each other."};
    }
  }
  auto target = message.target();
  if (!normalize(message.method_string(), host, target)) return {400, "The request target is malformed."};
  head.method = slice(message.method_string());
  head.target = slice(target);
  head.host = slice(host);
  head.headers = scratch.data();
  head.header_count = scratch.size();
  head.has_body = !parser.is_done();
  return {};
}

size_t field_count(const Parser &parser) {
  return std::distance(parser.get().begin(), parser.get().end());
}

const char *reason(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

std::string problem(const Refusal &refusal) {
  std::string status = std::to_string(refusal.status);
  std::string body = std::string("{\"type\":\"about:blank\",\"title\":\"") + reason(refusal.status) +
                     "\",\"status\":" + status + ",\"detail\":\"" + refusal.detail + "\"}";
  std::string text = "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n";
  if (refusal.status == 503) text += "Retry-After: 5\r\n";
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace cbeast
