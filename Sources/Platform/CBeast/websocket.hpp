// A WebSocket (RFC 6455): Beast's stream, a send queue, and the rules for peers that misbehave.
#pragma once
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>

#include "loop.hpp"

namespace cbeast {

class WebSocket;

/// A socket that tells its WebSocket when Beast begins to wait for the peer's end, which has no limit of its own.
class WebSocketLayer : public Socket {
 public:
  WebSocketLayer(Socket socket, WebSocket &owner) : Socket(std::move(socket)), owner(owner) {}
  WebSocket &owner;
};

class WebSocket final : public Peer {
 public:
  WebSocket(cb_server &loop, uint32_t slot, Socket socket, void *owner);
  void start(const beast::http::request<beast::http::string_body> &request, uint64_t topic);
  void sweep() override;
  void leave() override;
  void finish() override;
  void send(PayloadRef message) override;
  void close(uint16_t code) override;
  void deliver(const PayloadRef &frame, const PayloadRef &event) override;
  void tearing_down();

 private:
  using Self = boost::intrusive_ptr<WebSocket>;
  void read();
  void write();
  void write_close();
  void heard(beast::websocket::frame_type kind);

  beast::websocket::stream<WebSocketLayer, false> stream;
  beast::flat_buffer input;
  void *owner;
  SendQueue queue;
  uint32_t heard_at = 0;
  uint32_t pinged_at = 0;
  uint32_t deadline = UINT32_MAX;  // of the handshake, a write or the closing
  uint32_t controls_at = 0;
  uint16_t controls = 0;
  uint16_t closing_code = 0;
  bool is_open = false;
  bool is_pinging = false;
  bool is_writing = false;
  bool is_close_sent = false;
  bool is_finished = false;
};

/// Found by Beast through its argument's namespace.
template <class Handler>
void async_teardown(beast::role_type role, WebSocketLayer &layer, Handler &&handler) {
  layer.owner.tearing_down();
  beast::websocket::async_teardown(role, static_cast<Socket &>(layer), std::forward<Handler>(handler));
}

}  // namespace cbeast
