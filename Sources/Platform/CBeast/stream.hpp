// Server-sent events: an answer without an end, fed from a topic.
#pragma once
#include "loop.hpp"

namespace cbeast {

class EventStream final : public Peer {
 public:
  EventStream(cb_server &loop, uint32_t slot, Socket socket, void *owner);
  void start(const cb_answer &answer);
  void sweep() override;
  void leave() override;
  void finish() override;
  void send(PayloadRef message) override;
  void close(uint16_t code) override;
  void deliver(const PayloadRef &frame, const PayloadRef &event) override;

 private:
  using Self = boost::intrusive_ptr<EventStream>;
  void watch();
  void flush();
  void await_room();

  Socket socket;
  void *owner;
  SendQueue queue;
  size_t written = 0;  // of the first message
  uint32_t heartbeat_at = 0;
  uint32_t stalled_at = 0;
  bool is_closing = false;
  bool is_finished = false;
};

}  // namespace cbeast
