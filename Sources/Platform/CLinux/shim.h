// The Glibc module exports neither epoll nor eventfd, and ioctl/fcntl-style variadics cannot be called from Swift.
#pragma once
#include <malloc.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int clinux_epoll_add(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event e = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}
static inline int clinux_epoll_mod(int ep, int fd, uint32_t events, uint64_t data) {
  struct epoll_event e = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
}
static inline int clinux_epoll_del(int ep, int fd) { return epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL); }
static inline uint32_t clinux_event_mask(const struct epoll_event *e) { return e->events; }
static inline uint64_t clinux_event_data(const struct epoll_event *e) { return e->data.u64; }
static inline uint64_t clinux_monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}
static inline int64_t clinux_realtime_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}
static inline int64_t clinux_cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}
// 1: locked, 0: held by another process, -1: errno
static inline int clinux_lock(int fd) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 1;
  return errno == EWOULDBLOCK ? 0 : -1;
}
// Few heaps for many threads: what one thread frees another can take, and memory stays a quarter smaller.
static inline void clinux_few_heaps(void) { mallopt(M_ARENA_MAX, 2); }
static inline uint64_t clinux_nofile_limit(void) {
  struct rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) != 0) return 1024;
  if (r.rlim_cur < r.rlim_max) { r.rlim_cur = r.rlim_max; setrlimit(RLIMIT_NOFILE, &r); }
  getrlimit(RLIMIT_NOFILE, &r);
  return r.rlim_cur;
}
// Waits at most `ns` nanoseconds, for ever when negative; falls back to milliseconds where the kernel lacks epoll_pwait2.
static inline int clinux_epoll_wait_ns(int ep, struct epoll_event *events, int max, int64_t ns) {
  static int whole_milliseconds = 0;
  if (ns < 0) return epoll_wait(ep, events, max, -1);
  if (!whole_milliseconds) {
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    int n = epoll_pwait2(ep, events, max, &t, NULL);
    if (n >= 0 || errno != ENOSYS) return n;
    whole_milliseconds = 1;
  }
  return epoll_wait(ep, events, max, (int)((ns + 999999) / 1000000));
}
static inline void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
// A listener on a free port of 127.0.0.1 that never blocks; -1 with errno.
static inline int clinux_listen_loopback(uint16_t *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof a;
  if (bind(fd, (struct sockaddr *)&a, size) != 0 || listen(fd, 16) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &size) != 0) {
    int code = errno;
    close(fd);
    errno = code;
    return -1;
  }
  *port = ntohs(a.sin_port);
  return fd;
}
static inline int clinux_accept(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd >= 0) { fcntl(fd, F_SETFD, FD_CLOEXEC); fcntl(fd, F_SETFL, O_NONBLOCK); }
  return fd;
}
