// A WebSocket (RFC 6455): Beast's stream, a send queue, and the rules for peers that misbehave.
#pragma once
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <optional>

#include "loop.hpp"

namespace cbeast {

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

 private:
  using Self = boost::intrusive_ptr<WebSocket>;
  void read();
  void write();
  void write_close();
  void heard(beast::websocket::frame_type kind);

  beast::websocket::stream<Socket, false> stream;
  beast::flat_buffer input;
  void *owner;
  SendQueue queue;
  uint32_t heard_at = 0;
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

}  // namespace cbeast
