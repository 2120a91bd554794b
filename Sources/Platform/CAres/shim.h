#pragma once
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

// A channel that asks DNS only (no hosts file) and tells of its sockets; `servers` is NULL or "address:port,...". A refusal
// makes it ask the next server, and counts as no answer, unless `takes_refusals`.
static inline int cares_open(ares_channel *channel, ares_sock_state_cb changed, void *context, int timeout_ms, int tries,
                             const char *servers, int takes_refusals, int over_tcp) {
  struct ares_options options;
  char dns_only[] = "b";
  memset(&options, 0, sizeof options);
  options.sock_state_cb = changed;
  options.sock_state_cb_data = context;
  options.timeout = timeout_ms;
  options.tries = tries;
  options.lookups = dns_only;
  if (takes_refusals) options.flags |= ARES_FLAG_NOCHECKRESP;
  if (over_tcp) options.flags |= ARES_FLAG_USEVC;
  int code = ares_init_options(channel, &options,
                               ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                                   (options.flags ? ARES_OPT_FLAGS : 0));
  if (code != ARES_SUCCESS || servers == NULL) return code;
  code = ares_set_servers_ports_csv(*channel, servers);
  if (code != ARES_SUCCESS) {
    ares_destroy(*channel);
    *channel = NULL;
  }
  return code;
}
// Nanoseconds until the channel wants to be called, -1 when it waits for nothing.
static inline long long cares_wait_ns(ares_channel channel) {
  struct timeval t;
  if (ares_timeout(channel, NULL, &t) == NULL) return -1;
  return (long long)t.tv_sec * 1000000000ll + (long long)t.tv_usec * 1000ll;
}
