// The cheapest HTTP check that this kernel and OpenSSL allow, as a floor to measure the probe against: sockets and epoll
// by hand, one fixed request, a fresh connection per check, edge-triggered so that no event mask is ever changed.
//
// raw http|https PORT ADDRESSES IN_FLIGHT CHECKS CA_FILE
// Checks 127.0.0.1 to 127.0.0.ADDRESSES in turn; prints one line of JSON. The certificate's name must be bench.test.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING, SHAKING, READING };

struct check {
  int fd, state;
  size_t have, need;
  SSL *ssl;
  char answer[8192];
};

static const char request[] =
    "GET / HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: raw\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n";
static int epoll_fd, port, addresses;
static long total, started, done, failed;
static SSL_CTX *context;

static long micros(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void start(struct check *check) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(0x7f000001 + started++ % addresses);
  check->state = CONNECTING;
  check->have = check->need = 0;
  check->ssl = NULL;
  check->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (check->fd < 0 || (connect(check->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
    perror("connect");
    exit(1);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = check};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, check->fd, &event);
}

static void end(struct check *check, int ok) {
  if (check->ssl) {
    SSL_shutdown(check->ssl);
    SSL_free(check->ssl);
  }
  close(check->fd);
  if (!ok) failed++;
  done++;
  if (started < total) start(check);
}

static int wants_more(struct check *check, int result) {
  int error = SSL_get_error(check->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

// 1 when the answer is whole, 0 when more must come, -1 when it failed.
static int take(struct check *check) {
  for (;;) {
    size_t room = sizeof check->answer - 1 - check->have;
    char *at = check->answer + check->have;
    int count = check->ssl ? SSL_read(check->ssl, at, room) : (int)read(check->fd, at, room);
    if (count <= 0) {
      int again = check->ssl ? wants_more(check, count) : count < 0 && errno == EAGAIN;
      return again ? 0 : -1;
    }
    check->have += count;
    check->answer[check->have] = 0;
    char *body = check->need ? NULL : strstr(check->answer, "\r\n\r\n");
    if (body) {
      char *length = strcasestr(check->answer, "\ncontent-length:");
      check->need = (body + 4 - check->answer) + (length ? strtoul(length + 16, NULL, 10) : 0);
    }
    if (check->need && check->have >= check->need)
      return memcmp(check->answer, "HTTP/1.1 200", 12) == 0 && check->have == check->need ? 1 : -1;
  }
}

static void advance(struct check *check, uint32_t events) {
  if (check->state == CONNECTING) {
    if (events & (EPOLLERR | EPOLLHUP)) return end(check, 0);
    if (!(events & EPOLLOUT)) return;
    if (context) {
      check->ssl = SSL_new(context);
      SSL_set_fd(check->ssl, check->fd);
      SSL_set_tlsext_host_name(check->ssl, "bench.test");
      SSL_set1_host(check->ssl, "bench.test");
      SSL_set_connect_state(check->ssl);
      check->state = SHAKING;
    } else {
      if (write(check->fd, request, sizeof request - 1) != (ssize_t)sizeof request - 1) return end(check, 0);
      check->state = READING;
      return;
    }
  }
  if (check->state == SHAKING) {
    int result = SSL_do_handshake(check->ssl);
    if (result != 1) {
      if (wants_more(check, result)) return;
      ERR_clear_error();
      return end(check, 0);
    }
    if (SSL_write(check->ssl, request, sizeof request - 1) <= 0) return end(check, 0);
    check->state = READING;
  }
  int result = take(check);
  if (result != 0) end(check, result > 0);
}

int main(int count, char **words) {
  if (count != 7) {
    fprintf(stderr, "usage: raw http|https PORT ADDRESSES IN_FLIGHT CHECKS CA_FILE\n");
    return 1;
  }
  port = atoi(words[2]);
  addresses = atoi(words[3]);
  int in_flight = atoi(words[4]);
  total = atol(words[5]);
  if (strcmp(words[1], "https") == 0) {
    context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, words[6], NULL) != 1) {
      ERR_print_errors_fp(stderr);
      return 1;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct check *checks = calloc(in_flight, sizeof *checks);
  if (epoll_fd < 0 || !checks) return 1;
  long cpu = micros(CLOCK_PROCESS_CPUTIME_ID), wall = micros(CLOCK_MONOTONIC);
  for (int i = 0; i < in_flight && started < total; i++) start(&checks[i]);
  struct epoll_event events[256];
  while (done < total) {
    int ready = epoll_wait(epoll_fd, events, 256, 10000);
    if (ready <= 0 && errno != EINTR) {
      fprintf(stderr, "nothing came for ten seconds\n");
      return 1;
    }
    for (int i = 0; i < ready; i++) advance(events[i].data.ptr, events[i].events);
  }
  printf("{\"checks\": %ld, \"failures\": %ld, \"cpu_us\": %ld, \"wall_us\": %ld}\n", done, failed,
         micros(CLOCK_PROCESS_CPUTIME_ID) - cpu, micros(CLOCK_MONOTONIC) - wall);
  return 0;
}
