// The loop: one thread, its listener, its table of peers, its topics. Everything here is touched by that thread alone,
// except what is marked "any thread".
#pragma once
#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "include/cbeast.h"

namespace cbeast {

namespace net = boost::asio;
namespace beast = boost::beast;
using tcp = net::ip::tcp;
using Executor = net::io_context::executor_type;
using Socket = net::basic_stream_socket<tcp, Executor>;
using Acceptor = net::basic_socket_acceptor<tcp, Executor>;
using Clock = std::chrono::steady_clock;
using Timer = net::basic_waitable_timer<Clock, net::wait_traits<Clock>, Executor>;
template <class T>
using Counted = boost::intrusive_ref_counter<T, boost::thread_unsafe_counter>;

/// An immutable message shared by the queues of many peers.
struct Payload : Counted<Payload> {
  std::string bytes;
  bool has_key = false;
  uint64_t key = 0;
};
using PayloadRef = boost::intrusive_ptr<const Payload>;

/// An IPv4 address, or the /64 of an IPv6 one: what the per-address cap counts.
using AddressKey = std::array<unsigned char, 16>;
struct AddressHash {
  size_t operator()(const AddressKey &key) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char *>(key.data()), key.size()});
  }
};

/// Whoever sits in a slot: an HTTP connection, an event stream or a WebSocket.
class Peer : public Counted<Peer> {
 public:
  Peer(cb_server &loop, uint32_t slot) : loop(loop), slot(slot) {}
  virtual ~Peer() = default;
  Peer(const Peer &) = delete;

  /// Once a second: deadlines, heartbeats.
  virtual void sweep() = 0;
  /// The loop is leaving: end as soon as it is polite.
  virtual void leave() = 0;
  /// Ends at once.
  virtual void finish() = 0;
  virtual void answer(const cb_answer &answer);
  virtual void adopt(void *) {}
  virtual void send(PayloadRef) {}
  virtual void close(uint16_t) {}
  /// One message of the peer's topic, in the form of its kind.
  virtual void deliver(const PayloadRef &, const PayloadRef &) {}

  uint64_t id() const;

  cb_server &loop;
  const uint32_t slot;
  uint64_t topic = 0;
  uint32_t topic_index = UINT32_MAX;
  uint32_t seen_broadcast = 0;
};

class Connection;
using IdleHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Appends, replaces a waiting message of the same key, and keeps count of bytes. The first `started` are on their way.
class SendQueue {
 public:
  bool empty() const { return messages.empty(); }
  size_t bytes() const { return total; }
  const PayloadRef &front() const { return messages.front(); }
  void push(PayloadRef message);
  void pop();
  /// Drops what has not been started.
  void keep_first();

 private:
  std::vector<PayloadRef> messages;
  size_t total = 0;
};

}  // namespace cbeast

struct cb_server {
  using Peer = cbeast::Peer;
  using PeerRef = boost::intrusive_ptr<Peer>;

  cb_server(const cb_config &config, const cb_callbacks &callbacks);
  bool listen(int *error, const char **operation);
  void run();

  PeerRef find(uint64_t id) const;
  uint64_t id(uint32_t slot) const { return uint64_t(number) << 56 | uint64_t(slot) << 32 | slots[slot].generation; }
  /// A handle given out before stops working.
  void renew(uint32_t slot) { slots[slot].generation++; }
  void replace(uint32_t slot, PeerRef peer) { slots[slot].peer = std::move(peer); }
  void release(uint32_t slot);

  void subscribe(Peer &peer, uint64_t topic);
  /// Moves a stream or a socket to another topic.
  void join(Peer &peer, uint64_t topic);
  void unsubscribe(Peer &peer);
  /// A deadline this many seconds away, never less.
  uint32_t in_seconds(uint32_t seconds) const { return now + seconds + 1; }

  struct Command {
    enum Kind { send, close, join, broadcast } kind;
    uint64_t target;
    uint16_t code = 0;
    uint64_t topic = 0;
    cbeast::PayloadRef message, event;
    bool has_begun = false;
    size_t cursor = 0;
    Command(Kind kind, uint64_t target) : kind(kind), target(target) {}
  };
  void enqueue(Command command);
  void drain(uint32_t seconds);

  const cb_config config;
  const cb_callbacks callbacks;
  const uint8_t number;
  cbeast::net::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  std::thread thread;
  uint16_t port = 0;

  uint32_t now = 0;  // seconds since the start
  std::string date;  // "Date: …\r\n"
  bool draining = false;
  uint32_t lingering = 0;
  boost::intrusive::list<cbeast::Connection, boost::intrusive::base_hook<cbeast::IdleHook>,
                         boost::intrusive::constant_time_size<false>>
      idle;  // oldest first
  std::vector<cb_header> header_scratch;
  std::array<char, 65536> discard;  // what is read only to be thrown away
  cbeast::PayloadRef heartbeat;

  std::atomic<uint64_t> connections{0}, web_sockets{0}, event_streams{0}, requests{0}, refused{0}, dropped_slow{0};

 private:
  struct Slot {
    PeerRef peer;
    cbeast::AddressKey address{};
    uint32_t generation = 0;
  };
  void accept();
  void admit(cbeast::Socket socket);
  uint32_t take_slot(const cbeast::AddressKey &address);
  void tick();
  void sweep();
  void refresh_date();
  void run_commands();
  bool broadcast_slice(Command &command);
  void stop_if_done();

  cbeast::Acceptor acceptor{io.get_executor()};
  cbeast::Timer timer{io.get_executor()};
  bool is_accepting = false;
  std::vector<Slot> slots;
  std::vector<uint32_t> free_slots;
  std::unordered_map<cbeast::AddressKey, uint32_t, cbeast::AddressHash> addresses;
  std::unordered_map<uint64_t, std::vector<Peer *>> topics;
  std::deque<Command> commands;
  bool is_running_commands = false;
  uint32_t broadcast_serial = 0;
  uint32_t drain_deadline = 0;
  time_t date_second = 0;
};
