#include "websocket.hpp"

namespace cbeast {

namespace ws = beast::websocket;

namespace {
constexpr uint32_t closing_seconds = 10;
constexpr uint32_t closed_seconds = 1;
constexpr size_t idle_buffer_bytes = 4096;
constexpr uint16_t code_going_away = 1001, code_not_text = 1003, code_policy = 1008, code_slow = 1013;
}  // namespace

WebSocket::WebSocket(cb_server &loop, uint32_t slot, Socket socket, void *owner)
    : Peer(loop, slot), stream(std::move(socket), *this), owner(owner) {
  loop.web_sockets.fetch_add(1, std::memory_order_relaxed);
  stream.set_option(ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
  stream.read_message_max(loop.config.message_bytes_max);
  stream.auto_fragment(false);
  stream.control_callback([this](ws::frame_type kind, beast::string_view) { heard(kind); });
}

void WebSocket::start(const beast::http::request<beast::http::string_body> &request, uint64_t topic) {
  deadline = loop.in_seconds(loop.config.head_seconds);
  stream.async_accept(request, [self = Self(this), topic](beast::error_code error) {
    if (self->is_finished) return;
    if (error) return self->finish();
    self->is_open = true;
    self->deadline = UINT32_MAX;
    self->heard_at = self->pinged_at = self->loop.now;
    self->stream.text(true);
    self->loop.subscribe(*self, topic);
    self->loop.callbacks.opened(self->owner, self->id());
    self->read();
    self->write();
  });
}

void WebSocket::heard(ws::frame_type kind) {
  heard_at = loop.now;
  if (kind == ws::frame_type::close) {
    // Beast answers by itself.
    if (!closing_code) closing_code = ws::close_code::normal;
    is_close_sent = true;
    return;
  }
  if (controls_at != loop.now) {
    controls_at = loop.now;
    controls = 0;
  }
  if (++controls <= loop.config.controls_per_second_max) return;
  controls = 0;
  // Beast is inside its read here: closing has to wait until it has returned.
  net::post(loop.io, [self = Self(this)] { self->close(code_policy); });
}

void WebSocket::read() {
  stream.async_read(input, [self = Self(this)](beast::error_code error, size_t) {
    if (self->is_finished) return;
    if (error) return self->finish();
    self->heard_at = self->loop.now;
    if (!self->closing_code) {
      if (self->stream.got_text()) {
        auto data = self->input.data();
        self->loop.callbacks.message(self->owner, self->id(), {static_cast<const char *>(data.data()), data.size()});
      } else {
        self->close(code_not_text);
      }
    }
    self->input.consume(self->input.size());
    if (self->input.capacity() > idle_buffer_bytes) self->input = beast::flat_buffer();
    if (!self->is_finished) self->read();
  });
}

void WebSocket::deliver(const PayloadRef &frame, const PayloadRef &) { send(frame); }

void WebSocket::send(PayloadRef message) {
  if (is_finished || closing_code || message->bytes.empty()) return;
  queue.push(std::move(message));
  if (queue.bytes() > loop.config.queue_bytes_max) {
    loop.dropped_slow.fetch_add(1, std::memory_order_relaxed);
    queue.keep_first();
    return close(code_slow);
  }
  write();
}

void WebSocket::write() {
  if (is_writing || !is_open || is_finished) return;
  if (queue.empty()) {
    if (closing_code) write_close();
    return;
  }
  is_writing = true;
  if (!closing_code) deadline = loop.in_seconds(loop.config.write_stall_seconds);
  stream.async_write(net::buffer(queue.front()->bytes), [self = Self(this)](beast::error_code error, size_t) {
    self->is_writing = false;
    if (self->is_finished) return;
    if (error) return self->finish();
    self->queue.pop();
    if (!self->closing_code) self->deadline = UINT32_MAX;
    self->write();
  });
}

void WebSocket::close(uint16_t code) {
  if (is_finished || closing_code) return;
  closing_code = code;
  deadline = loop.in_seconds(closing_seconds);
  write();
}

void WebSocket::write_close() {
  if (is_close_sent) return;
  is_close_sent = true;
  stream.async_close(ws::close_reason(closing_code), [self = Self(this)](beast::error_code) { self->finish(); });
}

void WebSocket::sweep() {
  if (loop.now >= deadline) {
    if (is_writing) loop.dropped_slow.fetch_add(1, std::memory_order_relaxed);
    return finish();
  }
  if (!is_open || closing_code) return;
  uint32_t silence = loop.now - heard_at;
  if (silence >= loop.config.socket_idle_seconds) return finish();
  uint32_t half = (loop.config.socket_idle_seconds + 1) / 2;
  if (silence < half || loop.now - pinged_at < half || is_pinging) return;
  is_pinging = true;
  pinged_at = loop.now;
  stream.async_ping({}, [self = Self(this)](beast::error_code error) {
    self->is_pinging = false;
    if (error) self->finish();
  });
}

void WebSocket::tearing_down() {
  if (!closing_code) closing_code = ws::close_code::normal;
  is_close_sent = true;
  deadline = std::min(deadline, loop.in_seconds(closed_seconds));
}

void WebSocket::leave() { close(code_going_away); }

void WebSocket::finish() {
  if (is_finished) return;
  is_finished = true;
  Self self(this);
  uint64_t handle = id();
  loop.unsubscribe(*this);
  loop.web_sockets.fetch_sub(1, std::memory_order_relaxed);
  beast::error_code ignored;
  stream.next_layer().close(ignored);
  loop.release(slot);
  if (is_open) loop.callbacks.closed(owner, handle);
  loop.callbacks.release(owner);
}

}  // namespace cbeast
