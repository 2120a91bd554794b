// An HTTP/1.1 connection: one request at a time, until it closes or becomes an event stream or a WebSocket.
#pragma once
#include <sys/uio.h>

#include <optional>

#include "head.hpp"

namespace cbeast {

class Connection final : public Peer, public IdleHook {
 public:
  Connection(cb_server &loop, uint32_t slot, Socket socket, std::string peer)
      : Peer(loop, slot), socket(std::move(socket)), peer(std::move(peer)) {}

  void start();
  /// Answers 503 without reading, for whom there is no room.
  void turn_away();
  void sweep() override;
  void leave() override;
  void finish() override;
  void answer(const cb_answer &answer) override;
  void adopt(void *owner) override;

 private:
  enum class State { head, body, handling, writing, lingering, finished };
  using Self = boost::intrusive_ptr<Connection>;

  void read();
  void process();
  bool take_head();
  bool take_body();
  void hand_over();
  void watch();
  void refuse(Refusal refusal);
  void transmit(cb_slice status_line, cb_slice rest);
  void flush();
  void transmitted();
  void begin_next();
  void linger();
  void drop_owner(bool is_gone);
  void become(const cb_answer &answer);

  Socket socket;
  beast::flat_buffer input;
  std::optional<Parser> parser;
  HeadScanner scanner;
  std::string output;
  std::string peer;
  void *owner = nullptr;
  size_t written = 0;
  size_t head_fields = 0;
  uint32_t deadline = 0;
  State state = State::head;
  bool keep_alive = true;
  bool is_reading = false;
  bool is_watching = false;
  bool is_processing = false;
};

}  // namespace cbeast
