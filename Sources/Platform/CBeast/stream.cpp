#include "stream.hpp"

#include <sys/socket.h>

namespace cbeast {

namespace {
constexpr int reads_per_turn = 4;
bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
}  // namespace

EventStream::EventStream(cb_server &loop, uint32_t slot, Socket socket, void *owner)
    : Peer(loop, slot), socket(std::move(socket)), owner(owner) {
  loop.event_streams.fetch_add(1, std::memory_order_relaxed);
}

void EventStream::start(const cb_answer &answer) {
  static constexpr char close[] = "Connection: close\r\n";
  boost::intrusive_ptr<Payload> head(new Payload);
  head->bytes.reserve(answer.status_line.count + loop.date.size() + sizeof close + answer.rest.count);
  head->bytes.append(answer.status_line.data, answer.status_line.count).append(loop.date).append(close);
  head->bytes.append(answer.rest.data, answer.rest.count);
  loop.subscribe(*this, answer.topic);
  Self self(this);
  send(head);
  if (is_finished) return;
  watch();
  loop.callbacks.opened(owner, id());
}

void EventStream::deliver(const PayloadRef &, const PayloadRef &event) { send(event); }

void EventStream::send(PayloadRef message) {
  if (is_closing || is_finished || message->bytes.empty()) return;
  if (queue.bytes() + message->bytes.size() > loop.config.queue_bytes_max && !queue.empty()) {
    loop.dropped_slow.fetch_add(1, std::memory_order_relaxed);
    return finish();
  }
  bool was_empty = queue.empty();
  queue.push(std::move(message));
  if (!was_empty) return;
  written = 0;
  stalled_at = loop.in_seconds(loop.config.write_stall_seconds);
  flush();
}

void EventStream::flush() {
  while (!queue.empty()) {
    const auto &bytes = queue.front()->bytes;
    ssize_t count = ::send(socket.native_handle(), bytes.data() + written, bytes.size() - written,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (would_block()) return await_room();
      return finish();
    }
    written += count;
    stalled_at = loop.in_seconds(loop.config.write_stall_seconds);
    heartbeat_at = loop.in_seconds(loop.config.heartbeat_seconds) - 1;
    if (written < bytes.size()) continue;
    queue.pop();
    written = 0;
  }
  if (is_closing) finish();
}

void EventStream::await_room() {
  socket.async_wait(Socket::wait_write, [self = Self(this)](beast::error_code error) {
    if (self->is_finished) return;
    error ? self->finish() : self->flush();
  });
}

/// A stream's client sends nothing; what it does send is thrown away, and its leaving is noticed.
void EventStream::watch() {
  socket.async_wait(Socket::wait_read, [self = Self(this)](beast::error_code error) {
    if (self->is_finished) return;
    if (error) return self->finish();
    for (int i = 0; i < reads_per_turn; i++) {
      auto &discard = self->loop.discard;
      ssize_t count = ::recv(self->socket.native_handle(), discard.data(), discard.size(), MSG_DONTWAIT);
      if (count > 0) continue;
      if (count < 0 && would_block()) break;
      return self->finish();
    }
    self->watch();
  });
}

void EventStream::sweep() {
  if (!queue.empty()) {
    if (loop.now < stalled_at) return;
    loop.dropped_slow.fetch_add(1, std::memory_order_relaxed);
    return finish();
  }
  if (loop.now >= heartbeat_at) send(loop.heartbeat);
}

void EventStream::close(uint16_t) { leave(); }

void EventStream::leave() {
  is_closing = true;
  if (queue.empty()) finish();
}

void EventStream::finish() {
  if (is_finished) return;
  is_finished = true;
  Self self(this);
  uint64_t handle = id();
  loop.unsubscribe(*this);
  loop.event_streams.fetch_sub(1, std::memory_order_relaxed);
  beast::error_code ignored;
  socket.shutdown(Socket::shutdown_send, ignored);
  socket.close(ignored);
  loop.release(slot);
  loop.callbacks.closed(owner, handle);
  loop.callbacks.release(owner);
}

}  // namespace cbeast
