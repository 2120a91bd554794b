// ServerBenchClient PORT COUNT KIND ROUNDS PID: opens COUNT connections of KIND (socket, events or page), then tells in
// one line of JSON what one of them costs the server PID in resident memory, and how long a broadcast takes until the
// last of them has been read.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { broadcast_bytes = 254, frame_bytes = 258, per_address = 5000 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long resident_kilobytes(int pid) {
  char path[64], line[256];
  long value = 0;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (!file) fail(path);
  while (fgets(line, sizeof line, file)) {
    if (!strncmp(line, "VmRSS:", 6)) value = atol(line + 6);
  }
  fclose(file);
  return value;
}

/// Connects from one of several loopback addresses, so that ports do not run out.
static int dial(int port, int index) {
  int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  if (socket_fd < 0) fail("socket");
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + index / per_address)};
  struct sockaddr_in server = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(socket_fd, (struct sockaddr *)&local, sizeof local)) fail("bind");
  if (connect(socket_fd, (struct sockaddr *)&server, sizeof server)) fail("connect");
  return socket_fd;
}

/// Sends the request and reads up to and with `end`.
static void ask(int socket_fd, const char *request, const char *end) {
  if (write(socket_fd, request, strlen(request)) < 0) fail("write");
  char answer[4096];
  size_t count = 0;
  do {
    ssize_t more = read(socket_fd, answer + count, sizeof answer - 1 - count);
    if (more <= 0) fail("read");
    count += more;
    answer[count] = 0;
  } while (!strstr(answer, end));
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/// Milliseconds until each connection has read one whole broadcast.
static double broadcast(int epoll, const int *sockets, int *read_bytes, int count, int trigger, int wanted) {
  struct epoll_event events[512];
  char buffer[65536];
  memset(read_bytes, 0, count * sizeof *read_bytes);
  int left = count;
  double start = seconds();
  const char request[] = "GET /broadcast HTTP/1.1\r\nHost: x\r\n\r\n";
  if (write(trigger, request, sizeof request - 1) < 0) fail("write");
  while (left > 0) {
    int ready = epoll_wait(epoll, events, 512, 5000);
    if (ready <= 0) {
      fprintf(stderr, "%d connections have not been reached\n", left);
      exit(1);
    }
    for (int i = 0; i < ready; i++) {
      int index = events[i].data.u32;
      ssize_t more = read(sockets[index], buffer, sizeof buffer);
      if (more <= 0) fail("read");
      int before = read_bytes[index];
      read_bytes[index] += more;
      if (before < wanted && read_bytes[index] >= wanted) left--;
    }
  }
  double time = (seconds() - start) * 1e3;
  if (read(trigger, buffer, sizeof buffer) <= 0) fail("read");
  return time;
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: PORT COUNT socket|events|page ROUNDS PID\n"), 2;
  int port = atoi(argv[1]), count = atoi(argv[2]), rounds = atoi(argv[4]), pid = atoi(argv[5]);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if ((rlim_t)count + 100 > limit.rlim_cur) count = limit.rlim_cur - 100;
  int is_socket = !strcmp(argv[3], "socket"), is_stream = !strcmp(argv[3], "events");
  const char *request = is_socket ? "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                        : is_stream ? "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
                                    : "GET /cached HTTP/1.1\r\nHost: x\r\n\r\n";
  const char *end = is_socket ? "\r\n\r\n" : is_stream ? ": hi\n\n" : "pppp";
  int *sockets = calloc(count, sizeof *sockets), *read_bytes = calloc(count, sizeof *read_bytes);
  int epoll = epoll_create1(0), trigger = dial(port, 0);
  long before = resident_kilobytes(pid);
  for (int i = 0; i < count; i++) {
    sockets[i] = dial(port, i);
    ask(sockets[i], request, end);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event)) fail("epoll_ctl");
  }
  sleep(1);
  double per_connection = (double)(resident_kilobytes(pid) - before) / count;
  double *times = calloc(rounds + 1, sizeof *times);
  for (int round = 0; round < rounds; round++) {
    times[round] = broadcast(epoll, sockets, read_bytes, count, trigger, is_socket ? frame_bytes : broadcast_bytes);
    usleep(100000);
  }
  qsort(times, rounds, sizeof *times, compare);
  printf("{\"count\": %d, \"kilobytes\": %.2f, \"median\": %.1f, \"min\": %.1f, \"max\": %.1f}\n", count,
         per_connection, times[rounds / 2], times[0], rounds ? times[rounds - 1] : 0);
  return 0;
}
