#include "connection.hpp"

#include <sys/socket.h>

#include <cstring>

#include "stream.hpp"
#include "websocket.hpp"

namespace cbeast {

namespace {
constexpr size_t idle_buffer_bytes = 2048;
constexpr size_t body_read_bytes = 64 * 1024;
constexpr size_t chunk_line_bytes_max = 4096;
constexpr int pipelined_per_turn = 16;
constexpr uint32_t linger_seconds = 3;
constexpr char status_continue[] = "HTTP/1.1 100 Continue\r\n\r\n";

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

cb_slice slice(const std::string &text) { return {text.data(), text.size()}; }

/// A line feed that no carriage return precedes, in what the parser has left of a chunked body.
bool has_bare_line_feed(const char *data, size_t count) {
  for (size_t i = 0; i < count; i++) {
    auto found = static_cast<const char *>(std::memchr(data + i, '\n', count - i));
    if (!found) return false;
    i = found - data;
    if (i == 0 || data[i - 1] != '\r') return true;
  }
  return false;
}
}  // namespace

void Connection::start() {
  deadline = loop.in_seconds(loop.config.head_seconds);
  loop.idle.push_back(*this);
  read();
}

void Connection::turn_away() { refuse({503, "There are too many connections."}); }

void Connection::read() {
  if (is_reading) return;
  size_t want = state == State::body ? body_read_bytes : idle_buffer_bytes;
  size_t room = input.capacity() - input.size();
  if (room < want / 4) room = want;
  is_reading = true;
  socket.async_read_some(input.prepare(room), [self = Self(this)](beast::error_code error, size_t count) {
    self->is_reading = false;
    if (self->state != State::head && self->state != State::body) return;
    if (error) return self->finish();
    self->input.commit(count);
    self->process();
  });
}

void Connection::process() {
  if (is_processing) return;
  is_processing = true;
  int turns = 0;
  while (state == State::head || state == State::body) {
    if (state == State::head && input.size() > 0 && turns++ == pipelined_per_turn) {
      net::post(loop.io, [self = Self(this)] { self->process(); });
      break;
    }
    if (state == State::head && !take_head()) break;
    if (state == State::body && !take_body()) break;
  }
  is_processing = false;
}

/// Returns true when the state has moved on. After a false, bytes are awaited.
bool Connection::take_head() {
  if (input.size() == 0) {
    read();
    return false;
  }
  if (IdleHook::is_linked()) {
    unlink();
    deadline = loop.in_seconds(loop.config.head_seconds);
  }
  auto data = static_cast<const char *>(input.data().data());
  switch (scanner.scan(data, input.size(), loop.config)) {
    case HeadScanner::Verdict::more:
      read();
      return false;
    case HeadScanner::Verdict::refused:
      refuse(scanner.refusal);
      return true;
    case HeadScanner::Verdict::complete:
      break;
  }
  parser.emplace();
  parser->header_limit(UINT32_MAX);
  parser->body_limit(boost::none);
  parser->eager(false);
  beast::error_code error;
  size_t head_bytes = scanner.end - scanner.begin;
  size_t used = parser->put(net::buffer(data + scanner.begin, head_bytes), error);
  if (error || used != head_bytes || !parser->is_header_done()) {
    refuse({400, "The request head is malformed."});
    return true;
  }
  input.consume(scanner.end);
  cb_head head;
  if (auto refusal = check(*parser, loop.header_scratch, head)) {
    refuse(refusal);
    return true;
  }
  head.peer = slice(peer);
  keep_alive = parser->keep_alive() && !loop.draining;
  loop.requests.fetch_add(1, std::memory_order_relaxed);
  state = State::handling;
  int64_t limit = loop.callbacks.head(loop.callbacks.context, id(), &head);
  if (limit < 0 || state != State::handling) return true;
  if (parser->is_done()) {
    hand_over();
    return true;
  }
  auto length = parser->content_length();
  if (length && *length > uint64_t(limit)) {
    refuse({413, "The body is too large for this route."});
    return true;
  }
  if (parser->get().count(http::field::expect) && input.size() == 0) {
    ::send(socket.native_handle(), status_continue, sizeof status_continue - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  parser->body_limit(uint64_t(limit));
  parser->eager(true);
  head_fields = field_count(*parser);
  deadline = loop.in_seconds(loop.config.body_seconds);
  state = State::body;
  return true;
}

bool Connection::take_body() {
  if (input.size() > 0) {
    beast::error_code error;
    input.consume(parser->put(input.data(), error));
    if (error && error != http::error::need_more) {
      bool is_large = error == http::error::body_limit || error == http::error::buffer_overflow;
      refuse(is_large ? Refusal{413, "The body is too large for this route."} : Refusal{400, "The body is malformed."});
      return true;
    }
    if (parser->is_done()) {
      hand_over();
      return true;
    }
    if (input.size() > chunk_line_bytes_max ||
        has_bare_line_feed(static_cast<const char *>(input.data().data()), input.size())) {
      refuse({400, "The chunked body is malformed."});
      return true;
    }
  }
  read();
  return false;
}

/// The request is whole: the handler's turn.
void Connection::hand_over() {
  state = State::handling;
  deadline = loop.in_seconds(loop.config.handler_seconds);
  cb_head head;
  if (head_fields != 0 && field_count(*parser) != head_fields) {
    return refuse({400, "Trailer fields are not accepted."});
  }
  if (auto refusal = check(*parser, loop.header_scratch, head)) return refuse(refusal);
  head.peer = slice(peer);
  loop.callbacks.request(loop.callbacks.context, id(), &head, slice(parser->get().body()));
  if (state == State::handling) watch();
}

void Connection::adopt(void *owner) { this->owner = owner; }

/// While a handler runs, notices that the peer has left. Bytes that wait are the next request: then it stops looking.
void Connection::watch() {
  if (is_watching) return;
  is_watching = true;
  socket.async_wait(Socket::wait_read, [self = Self(this)](beast::error_code error) {
    self->is_watching = false;
    if (error || self->state != State::handling) return;
    char byte;
    ssize_t count = ::recv(self->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return;
    if (count < 0 && would_block()) return self->watch();
    self->finish();
  });
}

void Connection::answer(const cb_answer &answer) {
  if (state != State::handling) return Peer::answer(answer);
  drop_owner(false);
  loop.renew(slot);
  if (answer.kind == CB_PLAIN) return transmit(answer.status_line, answer.rest);
  become(answer);
}

void Connection::become(const cb_answer &answer) {
  if (loop.draining) {
    Peer::answer(answer);
    return refuse({503, "The server is shutting down."});
  }
  if (is_watching) {
    beast::error_code ignored;
    socket.cancel(ignored);
  }
  if (answer.kind == CB_WEBSOCKET) {
    if (!beast::websocket::is_upgrade(parser->get()) || input.size() > 0) {
      Peer::answer(answer);
      return refuse({400, "This is not a WebSocket handshake."});
    }
    boost::intrusive_ptr<WebSocket> next(new WebSocket(loop, slot, std::move(socket), answer.owner));
    state = State::finished;
    loop.replace(slot, next);
    next->start(parser->get(), answer.topic);
  } else {
    boost::intrusive_ptr<EventStream> next(new EventStream(loop, slot, std::move(socket), answer.owner));
    state = State::finished;
    loop.replace(slot, next);
    next->start(answer);
  }
}

void Connection::refuse(Refusal refusal) {
  loop.refused.fetch_add(1, std::memory_order_relaxed);
  drop_owner(true);
  loop.renew(slot);
  keep_alive = false;
  std::string status_line = "HTTP/1.1 " + std::to_string(refusal.status) + " " + reason(refusal.status) + "\r\n";
  std::string rest = problem(refusal);
  transmit(slice(status_line), slice(rest));
}

void Connection::transmit(cb_slice status_line, cb_slice rest) {
  state = State::writing;
  if (loop.draining) keep_alive = false;
  static constexpr char close[] = "Connection: close\r\n", keep[] = "Connection: keep-alive\r\n";
  bool is_10 = parser && parser->is_header_done() && parser->get().version() < 11;
  cb_slice connection{};
  if (!keep_alive) connection = {close, sizeof close - 1};
  if (keep_alive && is_10) connection = {keep, sizeof keep - 1};
  cb_slice parts[] = {status_line, slice(loop.date), connection, rest};
  iovec vector[4];
  for (int i = 0; i < 4; i++) vector[i] = {const_cast<char *>(parts[i].data), parts[i].count};
  msghdr message{};
  message.msg_iov = vector;
  message.msg_iovlen = 4;
  ssize_t sent = ::sendmsg(socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && !would_block()) return finish();
  size_t skip = sent < 0 ? 0 : sent;
  for (auto part : parts) {
    size_t done = std::min(skip, part.count);
    skip -= done;
    output.append(part.data + done, part.count - done);
  }
  if (output.empty()) return transmitted();
  written = 0;
  deadline = loop.in_seconds(loop.config.write_stall_seconds);
  flush();
}

void Connection::flush() {
  auto rest = net::buffer(output.data() + written, output.size() - written);
  socket.async_write_some(rest, [self = Self(this)](beast::error_code error, size_t count) {
    if (self->state != State::writing) return;
    if (error) return self->finish();
    self->written += count;
    self->deadline = self->loop.in_seconds(self->loop.config.write_stall_seconds);
    if (self->written < self->output.size()) return self->flush();
    std::string().swap(self->output);
    self->transmitted();
  });
}

void Connection::transmitted() {
  if (!keep_alive) return linger();
  begin_next();
  process();
}

void Connection::begin_next() {
  state = State::head;
  parser.reset();
  scanner = {};
  head_fields = 0;
  if (input.size() > 0) {
    deadline = loop.in_seconds(loop.config.head_seconds);
    return;
  }
  if (input.capacity() > 2 * idle_buffer_bytes) input = beast::flat_buffer();
  deadline = loop.in_seconds(loop.config.idle_seconds);
  loop.idle.push_back(*this);
}

/// Reads until the peer closes, so that a reset does not destroy the answer on its way (RFC 9112 section 9.6).
void Connection::linger() {
  if (state != State::lingering) {
    state = State::lingering;
    deadline = loop.in_seconds(linger_seconds);
    loop.lingering++;
    parser.reset();
    input = beast::flat_buffer();
    beast::error_code ignored;
    socket.cancel(ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
  }
  socket.async_read_some(net::buffer(loop.discard), [self = Self(this)](beast::error_code error, size_t) {
    if (self->state != State::lingering) return;
    error ? self->finish() : self->linger();
  });
}

void Connection::drop_owner(bool is_gone) {
  if (!owner) return;
  void *last = std::exchange(owner, nullptr);
  if (is_gone) loop.callbacks.gone(last);
  loop.callbacks.release(last);
}

void Connection::finish() {
  if (state == State::finished) return;
  if (state == State::lingering) loop.lingering--;
  state = State::finished;
  if (IdleHook::is_linked()) unlink();
  Self self(this);
  drop_owner(true);
  beast::error_code ignored;
  socket.close(ignored);
  loop.release(slot);
}

void Connection::sweep() {
  if (loop.now < deadline) return;
  switch (state) {
    case State::head:
      if (IdleHook::is_linked()) return finish();
      return refuse({408, "The head took too long."});
    case State::body:
      return refuse({408, "The body took too long."});
    case State::handling:
      return refuse({504, "The answer took too long."});
    default:
      finish();
  }
}

void Connection::leave() {
  if (state == State::head && IdleHook::is_linked()) finish();
}

}  // namespace cbeast
