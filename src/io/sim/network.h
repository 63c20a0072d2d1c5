// The simulated network: connections between hosts, and faults. A connection has two ends. The
// bytes that an end sends are cut into segments, which arrive in order, each at a later event.
//
// Hosts and connections are identified by numbers and kept in ordered containers, so that
// no iteration order depends on addresses in memory.
#pragma once

#include <sys/uio.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "io/sim/chronicle.h"
#include "io/sim/event_queue.h"
#include "io/sim/host_table.h"
#include "io/sim/world.h"

namespace millrace::io::sim {

class SimStream;
class SimListener;

struct Segment {
  MonotonicTime arrival;
  uint64_t number = 0;  // counts all segments that were sent
  std::vector<uint8_t> data;
  bool fin = false;
  bool reset = false;
};

struct End {
  size_t host = 0;
  std::string address;
  SimStream* stream = nullptr;  // null before accepting and after closing
  bool open = true;             // a stream or a backlog holds this end

  // Sending.
  std::deque<Segment> in_flight;
  size_t outstanding = 0;  // bytes written that the other side has not read and acknowledged
  bool fin_sent = false;
  MonotonicTime link_free{};
  bool delivery_scheduled = false;

  // Receiving.
  std::vector<uint8_t> received;
  size_t received_start = 0;
  bool fin_received = false;
  bool broken = false;
  std::string broken_because;
  size_t read_unacknowledged = 0;
  bool acknowledgement_scheduled = false;

  size_t readable() const { return received.size() - received_start; }
};

struct Connection {
  uint64_t id = 0;
  std::array<End, 2> ends;  // 0 connected, 1 accepted
  bool established = false;
  uint16_t target_port = 0;
  std::string target_ip;
  MonotonicTime give_up_at{};
};
// Shared by the network's table and the streams at its ends; events hold it as well.
using ConnectionRef = std::shared_ptr<Connection>;

class Network {
 public:
  Network(EventQueue& events, Chronicle& chronicle, uint64_t seed, const NetworkFaults& faults);

  NetworkFaults faults;
  EventQueue& events;
  Chronicle& chronicle;
  Random random;
  Duration wall_offset{0};
  HostTable hosts;

  // Listeners. The port is chosen when `port` is 0.
  Result<uint16_t> add_listener(SimListener* listener, size_t host, uint16_t port, bool share_port);
  void remove_listener(SimListener* listener, size_t host, uint16_t port);

  // Connections.
  ConnectionRef connect(SimStream* stream, size_t host, const std::string& address);
  size_t send(const ConnectionRef& connection, int side, std::span<const iovec> from, size_t count);
  void send_fin(const ConnectionRef& connection, int side);
  void acknowledge(const ConnectionRef& connection, int side, size_t count);
  // Closes one end; called by its stream or backlog.
  void close(const ConnectionRef& connection, int side);
  // Closes one end with a reset for the other side.
  void abort(const ConnectionRef& connection, int side);
  size_t open_connection_count() const { return connections_.size(); }

  // Scripted and random faults.
  void partition(size_t a, size_t b);
  void heal(size_t a, size_t b);
  void reset_connections(size_t host);
  void start_weather();  // starts the faults that are drawn once a second
  Duration random_duration(Duration low, Duration high);

 private:
  using Pair = std::pair<size_t, size_t>;
  static Pair pair_of(size_t a, size_t b) { return {std::min(a, b), std::max(a, b)}; }

  Duration latency() { return random_duration(faults.latency_min, faults.latency_max); }
  bool separated(const Connection& connection) const;
  SimListener* choose_listener(const Connection& connection);
  void arrive_attempt(const ConnectionRef& connection);
  void fail_attempt(const ConnectionRef& connection, Duration delay, const char* why);
  void enqueue(const ConnectionRef& connection, int side, Segment segment, size_t size);
  void schedule_delivery(const ConnectionRef& connection, int side);
  void deliver(const ConnectionRef& connection, int side);
  void deliver_segment(const ConnectionRef& connection, int side, Segment segment);
  void deliver_acknowledgement(const ConnectionRef& connection, int side);
  void break_connection(const ConnectionRef& connection, const char* why);
  void break_end(Connection& connection, int side, const char* why);
  void forget_if_done(const ConnectionRef& connection);
  void weather_tick();

  std::map<uint64_t, ConnectionRef> connections_;
  std::map<Pair, uint64_t> partitions_;  // the value numbers the partition, for its timeout
  uint64_t next_connection_ = 1;
  uint64_t next_partition_ = 1;
  uint64_t next_segment_ = 1;
  uint64_t newest_arrived_ = 0;
  bool weather_runs_ = false;
};

}  // namespace millrace::io::sim
