#include "loop.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <cstring>
#include <ctime>

#include "connection.hpp"

using namespace cbeast;

namespace {
constexpr int backlog = 4096;
constexpr size_t broadcast_slice_peers = 500;
constexpr uint32_t lingering_max = 256;
constexpr uint64_t slots_max = 1 << 24;
constexpr uint32_t reserved_descriptors = 64;
std::atomic<uint32_t> loops_started{0};

/// Connections that the process's descriptor limit leaves room for.
cb_config within_limits(cb_config config) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    uint64_t all = limit.rlim_cur;
    uint64_t room = all > 2 * reserved_descriptors ? all - reserved_descriptors : all / 2;
    config.connections_max = std::min<uint64_t>(config.connections_max, room);
  }
  if (config.second_milliseconds == 0) config.second_milliseconds = 1;
  return config;
}

AddressKey address_key(const net::ip::address &address) {
  AddressKey key{};
  if (address.is_v4()) {
    auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), key.begin() + 12);
  } else {
    auto bytes = address.to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.begin() + 8, key.begin());
    key[15] = 6;
  }
  return key;
}

net::ip::address plain(net::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  return address;
}
}  // namespace

cb_server::cb_server(const cb_config &config, const cb_callbacks &callbacks)
    : config(within_limits(config)), callbacks(callbacks), number(loops_started.fetch_add(1)) {
  boost::intrusive_ptr<Payload> comment(new Payload);
  comment->bytes = ":\n\n";
  heartbeat = comment;
  refresh_date();
}

bool cb_server::listen(int *error, const char **operation) {
  beast::error_code code;
  auto failed = [&](const char *name) {
    if (code) {
      *error = code.value();
      *operation = name;
    }
    return bool(code);
  };
  auto address = net::ip::make_address(config.host, code);
  if (failed("address")) return false;
  tcp::endpoint endpoint(address, config.port);
  acceptor.open(endpoint.protocol(), code);
  if (failed("socket")) return false;
  acceptor.set_option(net::socket_base::reuse_address(true), code);
  if (failed("setsockopt")) return false;
  if (address.is_v6()) acceptor.set_option(net::ip::v6_only(false), code);
  if (failed("setsockopt")) return false;
  acceptor.bind(endpoint, code);
  if (failed("bind")) return false;
  acceptor.listen(backlog, code);
  if (failed("listen")) return false;
  port = acceptor.local_endpoint(code).port();
  return !failed("getsockname");
}

void cb_server::run() {
  accept();
  tick();
  io.run();
  callbacks.ended(callbacks.context);
}

// Accepting

void cb_server::accept() {
  if (is_accepting || draining) return;
  is_accepting = true;
  acceptor.async_accept(io.get_executor(), [this](beast::error_code error, Socket socket) {
    is_accepting = false;
    if (draining) return;
    if (!error) {
      admit(std::move(socket));
    } else if (error == net::error::no_descriptors || error.value() == ENFILE || error.value() == ENOBUFS ||
               error.value() == ENOMEM) {
      // Accepting again now would fail again at once; the next sweep tries.
      if (!idle.empty()) idle.front().finish();
      return;
    }
    accept();
  });
}

void cb_server::admit(Socket socket) {
  beast::error_code error;
  auto endpoint = socket.remote_endpoint(error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  auto address = plain(endpoint.address());
  auto key = address_key(address);
  auto seated = connections.load(std::memory_order_relaxed) - lingering;
  auto known = addresses.find(key);
  bool is_full = known != addresses.end() && known->second >= config.connections_per_address_max;
  if (!is_full && seated >= config.connections_max) {
    if (idle.empty()) {
      is_full = true;
    } else {
      idle.front().finish();
    }
  }
  if ((is_full && lingering >= lingering_max) || (free_slots.empty() && slots.size() >= slots_max)) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  uint32_t slot = take_slot(key);
  boost::intrusive_ptr<Connection> connection(new Connection(*this, slot, std::move(socket), address.to_string()));
  slots[slot].peer = connection;
  is_full ? connection->turn_away() : connection->start();
}

// The table of peers

uint32_t cb_server::take_slot(const AddressKey &address) {
  uint32_t slot;
  if (free_slots.empty()) {
    slot = uint32_t(slots.size());
    slots.emplace_back();
  } else {
    slot = free_slots.back();
    free_slots.pop_back();
  }
  slots[slot].address = address;
  addresses[address]++;
  connections.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

void cb_server::release(uint32_t slot) {
  auto &entry = slots[slot];
  entry.generation++;
  PeerRef last = std::move(entry.peer);
  entry.peer = nullptr;
  free_slots.push_back(slot);
  auto known = addresses.find(entry.address);
  if (--known->second == 0) addresses.erase(known);
  connections.fetch_sub(1, std::memory_order_relaxed);
  stop_if_done();
}

cb_server::PeerRef cb_server::find(uint64_t id) const {
  uint32_t slot = uint32_t(id >> 32) & 0xffffff;
  if (uint8_t(id >> 56) != number || slot >= slots.size() || slots[slot].generation != uint32_t(id)) return nullptr;
  return slots[slot].peer;
}

// Time

void cb_server::tick() {
  timer.expires_after(std::chrono::milliseconds(config.second_milliseconds));
  timer.async_wait([this](beast::error_code error) {
    if (error) return;
    now++;
    refresh_date();
    sweep();
    accept();
    tick();
    stop_if_done();
  });
}

void cb_server::sweep() {
  bool is_late = draining && now >= drain_deadline;
  for (uint32_t slot = 0; slot < slots.size(); slot++) {
    PeerRef peer = slots[slot].peer;
    if (!peer) continue;
    is_late ? peer->finish() : peer->sweep();
  }
}

void cb_server::refresh_date() {
  time_t second = ::time(nullptr);
  if (second == date_second) return;
  date_second = second;
  tm parts{};
  ::gmtime_r(&second, &parts);
  char text[64];
  static const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::snprintf(text, sizeof text, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  date = text;
}

// Topics

void cb_server::subscribe(Peer &peer, uint64_t topic) {
  auto &members = topics[topic];
  peer.topic = topic;
  peer.topic_index = uint32_t(members.size());
  // A broadcast under way is older than this subscription.
  peer.seen_broadcast = broadcast_serial;
  members.push_back(&peer);
}

void cb_server::unsubscribe(Peer &peer) {
  if (peer.topic_index == UINT32_MAX) return;
  auto entry = topics.find(peer.topic);
  auto &members = entry->second;
  members[peer.topic_index] = members.back();
  members[peer.topic_index]->topic_index = peer.topic_index;
  members.pop_back();
  peer.topic_index = UINT32_MAX;
  if (members.empty()) topics.erase(entry);
}

void cb_server::join(Peer &peer, uint64_t topic) {
  if (peer.topic_index == UINT32_MAX) return;
  unsubscribe(peer);
  subscribe(peer, topic);
}

void cb_server::enqueue(Command command) {
  commands.push_back(std::move(command));
  if (!is_running_commands) run_commands();
}

/// In order; between the slices of a broadcast other connections get their turn, later commands wait.
void cb_server::run_commands() {
  is_running_commands = true;
  while (!commands.empty()) {
    auto &command = commands.front();
    if (command.kind == Command::broadcast) {
      if (!broadcast_slice(command)) return net::post(io, [this] { run_commands(); });
    } else if (auto peer = find(command.target)) {
      switch (command.kind) {
        case Command::send: peer->send(command.message); break;
        case Command::close: peer->close(command.code); break;
        default: join(*peer, command.topic);
      }
    }
    commands.pop_front();
  }
  is_running_commands = false;
}

/// From the end to the front, as a member that leaves is replaced by the last. True when all have been reached.
bool cb_server::broadcast_slice(Command &command) {
  auto entry = topics.find(command.target);
  if (entry == topics.end()) return true;
  if (!command.has_begun) {
    command.has_begun = true;
    command.cursor = entry->second.size();
    broadcast_serial++;
  }
  for (size_t served = 0; served < broadcast_slice_peers; served++) {
    // Delivery may end a peer, and with the last one the topic.
    entry = topics.find(command.target);
    if (entry == topics.end()) return true;
    command.cursor = std::min(command.cursor, entry->second.size());
    if (command.cursor == 0) return true;
    PeerRef peer = entry->second[--command.cursor];
    if (peer->seen_broadcast == broadcast_serial) continue;
    peer->seen_broadcast = broadcast_serial;
    peer->deliver(command.message, command.event);
  }
  return false;
}

// The end

void cb_server::drain(uint32_t seconds) {
  if (draining) return;
  draining = true;
  drain_deadline = in_seconds(seconds) - (seconds == 0 ? 1 : 0);
  beast::error_code ignored;
  acceptor.close(ignored);
  for (uint32_t slot = 0; slot < slots.size(); slot++) {
    PeerRef peer = slots[slot].peer;
    if (!peer) continue;
    seconds == 0 ? peer->finish() : peer->leave();
  }
  stop_if_done();
}

void cb_server::stop_if_done() {
  if (draining && connections.load(std::memory_order_relaxed) == 0) io.stop();
}

namespace cbeast {

uint64_t Peer::id() const { return loop.id(slot); }

void Peer::answer(const cb_answer &answer) {
  if (answer.owner) loop.callbacks.release(answer.owner);
}

void SendQueue::push(PayloadRef message) {
  if (message->has_key) {
    for (size_t i = 1; i < messages.size(); i++) {
      if (!messages[i]->has_key || messages[i]->key != message->key) continue;
      total -= messages[i]->bytes.size();
      messages.erase(messages.begin() + i);
      break;
    }
  }
  total += message->bytes.size();
  messages.push_back(std::move(message));
}

void SendQueue::pop() {
  total -= messages.front()->bytes.size();
  messages.erase(messages.begin());
  if (messages.empty()) std::vector<PayloadRef>().swap(messages);
}

void SendQueue::keep_first() {
  if (messages.size() > 1) messages.resize(1);
  total = messages.empty() ? 0 : messages.front()->bytes.size();
}

}  // namespace cbeast
