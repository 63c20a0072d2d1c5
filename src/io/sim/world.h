// A network of hosts in one thread, on one virtual clock, replayable from a seed: the second
// implementation of io::Loop. Nothing here sleeps, and the same seed with the same program gives
// the same trace (trace_hash()).
//
//   sim::World world(seed, sim::NetworkFaults::hostile());
//   auto collector = world.make_loop("collector");
//   auto client = world.make_loop("client");
//   ... start servers and clients on the loops ...
//   ASSERT_TRUE(world.run_until([&] { return client_is_done; }, 10min));
//
// Each host has an address (10.0.x.y) and its name resolves to it; "localhost" is the host itself.
// Violations of the interface stop the process: reading after on_failed, writing after
// shutdown_write, a handler that is called repeatedly and does nothing, a loop destroyed before its
// streams, timers or listeners.
//
// TLS works as well, but its keys and times are not simulated: such runs are not replayable.
//
// Threads: none; the world and all its loops belong to the thread that made it, post() included.
// Loops must be destroyed before the world.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/loop.h"

namespace millrace::io::sim {

// The kinds of injected faults. They are counted, so that a run can show that each kind occurred.
enum class Fault : uint8_t {
  kShortRead,       // a read returned less than was available
  kShortWrite,      // a write accepted less than there was room for
  kSendBufferFull,  // a write returned kWouldBlock
  kRefusedConnect,
  kLostConnect,  // a connection attempt without an answer; it times out
  kReset,        // a connection was broken; both sides see a reset
  kStall,        // a segment was late, as after a retransmission
  kSlowAccept,
  kResolveFailure,
  kPartition,  // two hosts could not reach each other for a while
  kWallJump,
  kLoopStall,  // a loop got no processor time for a while
  kReordered,  // a segment overtook an earlier one of another connection
};
inline constexpr size_t kFaultCount = static_cast<size_t>(Fault::kReordered) + 1;
std::string_view fault_name(Fault fault);  // "short_read"

// Probabilities are 0 to 1. The default is a fast network without faults.
struct NetworkFaults {
  // Properties of the network.
  Duration latency_min = 50us;  // one way
  Duration latency_max = 200us;
  uint64_t bytes_per_second = 1'000'000'000;  // for each direction of each connection
  size_t segment_bytes_max = 64 << 10;        // for each segment
  double cut = 0.3;                           // of segments, which are then shorter
  size_t buffer_bytes = 256 << 10;            // written and not yet read by the other side
  size_t backlog_connections = 1024;          // not yet accepted, for each listener
  Duration connect_timeout = 20s;             // for an attempt without an answer
  Duration partition_reset_after = 10min;     // a longer partition makes a connection time out
  Duration resolve_max = 2ms;                 // the maximum duration of a look-up

  // Probabilities of faults.
  double short_read = 0;      // of reads
  double short_write = 0;     // of writes
  double refuse_connect = 0;  // of attempts, although a listener exists
  double lose_connect = 0;    // of attempts
  double reset = 0;           // of segments
  double stall = 0;           // of segments
  Duration stall_max = 3s;    //
  double slow_accept = 0;     // of accepted connections
  Duration slow_accept_max = 2s;
  double resolve_failure = 0;  // of look-ups
  double partition = 0;        // each second, for one pair of hosts
  Duration partition_max = 5s;
  double wall_jump = 0;         // each second
  Duration wall_jump_max = 1h;  // in either direction
  double loop_stall = 0;        // of turns of a loop
  Duration loop_stall_max = 100ms;

  // All kinds of faults, frequent enough to occur in a run of some thousand segments, with tiny
  // buffers and segments.
  static NetworkFaults hostile();
};

// One line of the trace; the first different line shows where two runs diverge.
struct TraceEvent {
  MonotonicTime time;
  std::string_view what;
  uint64_t subject;  // the number of the connection, loop or host
  uint64_t value;
};

class World {
 public:
  explicit World(uint64_t seed, NetworkFaults faults = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Creates a loop on that host, and the host if it is new. Several loops may share a host.
  std::unique_ptr<Loop> make_loop(const std::string& host_name);

  MonotonicTime now() const;
  // Runs the next event. False when no event is left.
  bool step();
  // True as soon as the condition holds (tested after each event); false when `limit` of virtual
  // time has passed or no event is left.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  void run_until(MonotonicTime when);
  void run_for(Duration duration);
  // Runs a step of the scenario later, outside all loops.
  void after(Duration delay, Task task);

  // The number of a host, which is created if it is new; for RunningHost.
  size_t host_number(const std::string& host_name);
  // The first address of a host ("10.0.0.1"), which is created if it is new.
  std::string host_address(const std::string& host_name);
  // Sets the result of resolving a name, instead of (or beside) hosts; an empty list: not found.
  void set_name(const std::string& name, std::vector<std::string> hosts_or_addresses);

  // Scripted faults. A partition stays until it is healed; data is late, not lost.
  void partition(const std::string& one_host, const std::string& other_host);
  void heal(const std::string& one_host, const std::string& other_host);
  void reset_connections(const std::string& host);  // all of that host, as in a crash
  void jump_wall_clock(Duration by);
  // Takes effect for later events; the default value ends all random faults.
  void set_faults(const NetworkFaults& faults);

  uint64_t fault_count(Fault fault) const;
  size_t open_connection_count() const;  // with at least one side open
  uint64_t trace_hash() const;           // of all events so far
  void set_tracer(std::function<void(const TraceEvent&)> tracer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::io::sim
