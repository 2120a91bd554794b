// The C interface: what other threads ask is copied and posted to the loop.
#include <csignal>

#include "connection.hpp"

using namespace cbeast;

namespace {
/// An answer on its way to the loop. What never arrives, because the loop has ended, still releases its owner.
struct LateAnswer {
  struct Release {
    void (*release)(void *);
    void operator()(void *owner) const { release(owner); }
  };
  std::string bytes;
  size_t status_line_count;
  std::unique_ptr<void, Release> owner;
  uint64_t topic;
  int kind;
};

PayloadRef payload(cb_slice bytes, bool has_key = false, uint64_t key = 0) {
  boost::intrusive_ptr<Payload> made(new Payload);
  made->bytes.assign(bytes.data, bytes.count);
  made->has_key = has_key;
  made->key = key;
  return made;
}

void enqueue(cb_server *server, cb_server::Command command) {
  net::post(server->io, [server, command = std::move(command)]() mutable { server->enqueue(std::move(command)); });
}
}  // namespace

cb_server *cb_create(const cb_config *config, const cb_callbacks *callbacks, int *error, const char **operation) {
  std::signal(SIGPIPE, SIG_IGN);
  auto server = std::make_unique<cb_server>(*config, *callbacks);
  return server->listen(error, operation) ? server.release() : nullptr;
}

int cb_run(cb_server *server) {
  try {
    server->thread = std::thread([server] { server->run(); });
    return 0;
  } catch (const std::system_error &failure) {
    return failure.code().value();
  }
}

uint16_t cb_port(const cb_server *server) { return server->port; }

void cb_free(cb_server *server) {
  if (server->thread.get_id() == std::this_thread::get_id()) {
    server->thread.detach();
  } else if (server->thread.joinable()) {
    server->thread.join();
  }
  delete server;
}

void cb_adopt(cb_server *server, uint64_t id, void *owner) {
  if (auto peer = server->find(id)) return peer->adopt(owner);
  server->callbacks.release(owner);
}

void cb_answer_now(cb_server *server, uint64_t id, const cb_answer *answer) {
  if (auto peer = server->find(id)) return peer->answer(*answer);
  if (answer->owner) server->callbacks.release(answer->owner);
}

void cb_answer_later(cb_server *server, uint64_t id, const cb_answer *answer) {
  std::unique_ptr<void, LateAnswer::Release> owner(answer->owner, {server->callbacks.release});
  LateAnswer copy{{}, answer->status_line.count, std::move(owner), answer->topic, answer->kind};
  copy.bytes.reserve(answer->status_line.count + answer->rest.count);
  copy.bytes.append(answer->status_line.data, answer->status_line.count).append(answer->rest.data, answer->rest.count);
  net::post(server->io, [server, id, copy = std::move(copy)]() mutable {
    cb_slice status_line{copy.bytes.data(), copy.status_line_count};
    cb_slice rest{copy.bytes.data() + copy.status_line_count, copy.bytes.size() - copy.status_line_count};
    cb_answer late{status_line, rest, copy.owner.release(), copy.topic, copy.kind};
    cb_answer_now(server, id, &late);
  });
}

void cb_send(cb_server *server, uint64_t id, cb_slice message) {
  cb_server::Command command(cb_server::Command::send, id);
  command.message = payload(message);
  enqueue(server, std::move(command));
}

void cb_join(cb_server *server, uint64_t id, uint64_t topic) {
  cb_server::Command command(cb_server::Command::join, id);
  command.topic = topic;
  enqueue(server, std::move(command));
}

void cb_broadcast(cb_server *server, uint64_t topic, cb_slice frame, cb_slice event, bool has_key, uint64_t key) {
  cb_server::Command command(cb_server::Command::broadcast, topic);
  command.message = payload(frame, has_key, key);
  command.event = payload(event, has_key, key);
  enqueue(server, std::move(command));
}

void cb_close(cb_server *server, uint64_t id, uint16_t code) {
  cb_server::Command command(cb_server::Command::close, id);
  command.code = code;
  enqueue(server, std::move(command));
}

void cb_drain(cb_server *server, uint32_t seconds) {
  net::post(server->io, [server, seconds] { server->drain(seconds); });
}

void cb_read_statistics(const cb_server *server, cb_statistics *statistics) {
  auto read = [](const std::atomic<uint64_t> &value) { return value.load(std::memory_order_relaxed); };
  *statistics = {read(server->connections), read(server->web_sockets), read(server->event_streams),
                 read(server->requests),    read(server->refused),     read(server->dropped_slow)};
}
