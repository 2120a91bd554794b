#include "cre2.h"

#include <re2/re2.h>

#include <cstdio>
#include <new>

struct cre2_pattern {
  RE2 re;
  cre2_pattern(const re2::StringPiece &text, const RE2::Options &options) : re(text, options) {}
};

extern "C" cre2_pattern *cre2_compile(const char *text, size_t length, size_t memory, char *error, size_t error_size) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<int64_t>(memory));
  auto *pattern = new (std::nothrow) cre2_pattern(re2::StringPiece(text, length), options);
  if (pattern == nullptr) {
    snprintf(error, error_size, "out of memory");
    return nullptr;
  }
  if (!pattern->re.ok()) {
    snprintf(error, error_size, "%s", pattern->re.error().c_str());
    delete pattern;
    return nullptr;
  }
  return pattern;
}

extern "C" int cre2_matches(const cre2_pattern *pattern, const char *text, size_t length, int whole) {
  re2::StringPiece piece(text, length);
  return pattern->re.Match(piece, 0, length, whole ? RE2::ANCHOR_BOTH : RE2::UNANCHORED, nullptr, 0) ? 1 : 0;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete pattern; }
