// A C interface to one HTTP/1.1 and WebSocket loop over Boost.Beast. A handle names a request, a stream or a socket as
// {loop:8, slot:24, generation:32}: a call with a handle whose owner is gone does nothing. Functions and callbacks are
// loop-only unless they say "any thread".
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct cb_server cb_server;

/// Borrowed bytes; valid until the call that carries them returns. `data` is null where the thing is absent.
typedef struct {
  const char *data;
  size_t count;
} cb_slice;

typedef struct {
  cb_slice name;
  cb_slice value;
} cb_header;

typedef struct {
  cb_slice method;
  cb_slice target;  // origin form, or "*" with OPTIONS
  cb_slice host;
  cb_slice if_none_match;
  cb_slice peer;
  const cb_header *headers;
  size_t header_count;
  bool has_credentials;  // Cookie or Authorization
  bool has_body;
} cb_head;

enum { CB_PLAIN = 0, CB_EVENTS = 1, CB_WEBSOCKET = 2 };

/// An answer: the status line with its CRLF, then header fields, blank line and body. The loop puts Date and Connection
/// between them. `owner` is the callbacks' argument for a stream or a socket and is released exactly once.
typedef struct {
  cb_slice status_line;
  cb_slice rest;
  void *owner;
  uint64_t topic;
  int kind;
} cb_answer;

typedef struct {
  void *context;
  /// Returns how many bytes the body may have, or -1 when it has answered already.
  int64_t (*head)(void *context, uint64_t id, const cb_head *head);
  /// The whole request. Answers before it returns, or calls cb_adopt and answers later.
  void (*request)(void *context, uint64_t id, const cb_head *head, cb_slice body);
  /// The peer of an adopted request left, or its deadline passed.
  void (*gone)(void *owner);
  void (*opened)(void *owner, uint64_t id);
  void (*message)(void *owner, uint64_t id, cb_slice text);
  void (*closed)(void *owner, uint64_t id);
  void (*release)(void *owner);
  /// The loop has ended; the last thing its thread does.
  void (*ended)(void *context);
} cb_callbacks;

/// Times are in seconds of `second_milliseconds` each, which tests shorten.
typedef struct {
  const char *host;  // numeric
  uint16_t port;     // 0: any free one
  uint32_t second_milliseconds;
  uint32_t connections_max;
  uint32_t connections_per_address_max;
  uint32_t head_bytes_max;
  uint32_t headers_max;
  uint32_t head_seconds;
  uint32_t body_seconds;
  uint32_t idle_seconds;
  uint32_t write_stall_seconds;
  uint32_t handler_seconds;
  uint32_t heartbeat_seconds;
  uint32_t socket_idle_seconds;
  uint32_t message_bytes_max;
  uint32_t queue_bytes_max;
  uint32_t controls_per_second_max;
} cb_config;

typedef struct {
  uint64_t connections, web_sockets, event_streams, requests, refused, dropped_slow;
} cb_statistics;

/// Binds and listens. Null on failure, with errno's value and the failing call's name.
cb_server *cb_create(const cb_config *config, const cb_callbacks *callbacks, int *error, const char **operation);
/// Starts the loop's thread. Returns 0 or errno's value.
int cb_run(cb_server *server);
uint16_t cb_port(const cb_server *server);
/// Any thread, once: after `ended` has been called, from within it, or when the loop was never run.
void cb_free(cb_server *server);

/// Gives a request that is not answered yet its owner.
void cb_adopt(cb_server *server, uint64_t id, void *owner);
void cb_answer_now(cb_server *server, uint64_t id, const cb_answer *answer);

// Any thread.
void cb_answer_later(cb_server *server, uint64_t id, const cb_answer *answer);
void cb_send(cb_server *server, uint64_t id, cb_slice message);
void cb_join(cb_server *server, uint64_t id, uint64_t topic);
void cb_broadcast(cb_server *server, uint64_t topic, cb_slice frame, cb_slice event, bool has_key, uint64_t key);
void cb_close(cb_server *server, uint64_t id, uint16_t code);
void cb_drain(cb_server *server, uint32_t seconds);
void cb_read_statistics(const cb_server *server, cb_statistics *statistics);

#ifdef __cplusplus
}
#endif
