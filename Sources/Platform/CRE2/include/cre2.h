// RE2 behind C: compile once, match many times, in time linear in the text.
#pragma once
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cre2_pattern cre2_pattern;
// NULL when the pattern is not valid or needs more than `memory` bytes; `error` then holds the reason, NUL-ended.
cre2_pattern *cre2_compile(const char *text, size_t length, size_t memory, char *error, size_t error_size);
// 1: found (anywhere, or the whole text when `whole`), 0: not found.
int cre2_matches(const cre2_pattern *pattern, const char *text, size_t length, int whole);
void cre2_free(cre2_pattern *pattern);
#ifdef __cplusplus
}
#endif
