// Everything that a seed decides before the clock starts: the collector's configuration, who sends
// what, how the sinks and the network misbehave. Plain data; scenario.cc draws it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/time.h"
#include "io/sim/world.h"
#include "tests/sim/hostile_stream.h"

namespace millrace::sim_test {

// How calm a run is decides how much can be asserted about it.
enum class Weather : uint8_t {
  // The network is perfect and sinks always say what they did: every count is exact.
  kClear,
  // Sinks hang, restart and vanish on a good network.
  kCloudy,
  // The network fails as well.
  kStorm,
};

// Probabilities are of each request; what is left over is taken and answered OK.
struct SinkBehaviour {
  double refuse_with_wish = 0;  // UNAVAILABLE with RetryInfo
  double refuse = 0;            // UNAVAILABLE without
  double refuse_for_good = 0;   // PERMISSION_DENIED
  double partial = 0;           // taken, less a few items
  double hang = 0;              // not taken, never answered
  double take_and_hang = 0;     // taken, never answered
  double slow = 0;              // taken, answered late, maybe too late
  double reset = 0;             // taken or not, and every connection of the host is reset
  double lie_refused = 0;       // taken, and said to be UNAVAILABLE
  double lie_rejected = 0;      // taken, and said to have rejected more items than there were
  double lie_too_large = 0;     // not taken, and said to be too large whatever its size
  uint64_t poison_every = 0;    // items with such a number are bad data; 0: none
  uint64_t giant_every = 0;     // items with such a number are too large, alone as well
  uint32_t items_max = 0;       // requests with more are too large; 0: no limit
  Duration slow_max = 0s;
  Duration restart_every = 0s;  // GOAWAY and a new server in its place; zero: never
  Duration vanish_every = 0s;   // nobody listens for a while
  Duration vanish_max = 0s;
  // With a speech: while it has vanished another one answers in its place, and means harm.
  HostileHabits impostor = {};
};

struct DestinationScenario {
  std::string exporter;  // "otlp_grpc/a"
  std::string host;      // of its sink
  uint16_t port = 0;
  bool is_required = true;
  bool waits_for_result = false;
  bool has_storage = false;
  // Not so where memory may hold what the disk does not: spill, on_storage_error: memory.
  bool keeps_durable = false;
  uint64_t batch_items_max = 0;  // 0: no limit to check
  SinkBehaviour sink;
};

enum class ClientKind : uint8_t { kGrpc, kHttpProtobuf, kHttpJson };

struct ClientScenario {
  ClientKind kind = ClientKind::kGrpc;
  uint32_t requests = 0;
  uint32_t items_max = 0;
  Duration interval_max = 0s;  // between two requests
  Duration timeout = 10s;      // of one attempt
  uint32_t attempts_max = 5;
  double gzip = 0;
  double bad_data = 0;
};

struct HostileClientScenario {
  HostileHabits habits;
  uint16_t port = 0;
  uint32_t connections = 0;           // at one time
  uint32_t connections_made_max = 0;  // in all
};

// One pipeline's way to one destination.
struct Route {
  Signal signal = Signal::kTraces;
  size_t destination = 0;
  bool is_edited = false;
};

// One signal may go through a failover connector: to one destination, and to the other when that
// fails.
struct FailoverScenario {
  bool is_used = false;
  Signal signal = Signal::kLogs;
  bool has_storage = false;  // in front of both
  bool keeps_durable = false;
};

enum class Acknowledge : uint8_t { kAccepted, kDurable, kDelivered };

// The disk under the destinations with storage, and how often the process dies on it.
struct StorageScenario {
  bool is_used = false;
  uint32_t crashes = 0;            // within the trouble
  uint32_t clean_restarts = 0;     // the same: drained, ended, started again
  double power_cut = 0;            // of crashes: what was not synced is lost; else it is as kill -9
  double dies_while_starting = 0;  // of starts behind a crash
  double fails_while_starting = 0;  // of those: calls of the disk fail then
  double input_output = 0;          // of disk calls
  double no_space = 0;              // of disk calls
  uint64_t capacity_bytes = 0;      // of the disk during the trouble; 0: enough
  bool gives_up_segments = false;   // by age, or for what is newer
  Duration lane_delay_max = 5ms;    // how long the disk takes for a task, at most
  // Every destination takes everything in the end and no retry expires: whatever was acknowledged
  // as durable is then at its sink, without any "or dropped".
  bool is_patient = false;
};

enum class Ending : uint8_t {
  kAfterQuiet,    // faults stop, queues empty, then the drain
  kInTheMiddle,   // the drain begins while clients send and sinks are sick
  kWithoutDrain,  // the process just ends
};

struct Scenario {
  uint64_t seed = 0;
  Weather weather = Weather::kClear;
  io::sim::NetworkFaults faults;
  bool has_partitions = false;  // by script, between the collector and the others
  bool has_resets = false;      // by script, of the collector's connections
  Duration trouble = 0s;        // then the faults stop
  Ending ending = Ending::kAfterQuiet;
  Duration drain_timeout = 30s;
  uint64_t budget_bytes = 0;  // for all memory; 0: as the configuration and the machine say
  std::string configuration;  // YAML
  // ISA-L's gzip looks at what lies in memory before its input: sizes, and so traces, may differ.
  bool uses_gzip = false;
  Acknowledge grpc = Acknowledge::kAccepted;
  Acknowledge http = Acknowledge::kAccepted;
  StorageScenario storage;
  std::array<DestinationScenario, 2> destinations;
  std::vector<Route> routes;
  FailoverScenario failover;
  std::vector<ClientScenario> clients;
  std::vector<HostileClientScenario> hostile_clients;

  bool fails_over(Signal signal) const { return failover.is_used && failover.signal == signal; }

  Acknowledge policy_over(ClientKind kind) const { return kind == ClientKind::kGrpc ? grpc : http; }
  bool delivered_over(ClientKind kind) const {
    return policy_over(kind) == Acknowledge::kDelivered;
  }
  // Nothing makes a sender wait: the network is quick, the receivers answer by themselves, and the
  // budget has room for connections (with a few MiB, one stack of the sanitizer build fills it).
  bool answers_at_once() const {
    const auto has = [this](const char* text) {
      return configuration.find(text) != std::string::npos;
    };
    return is_exact() && !has("on_full: block") &&
           (!has("memory_limiter:") || has("limit_mib: 64"));
  }
  // OK, refused or dropped are then said once, and what is said is what happened.
  bool is_exact() const {
    return weather == Weather::kClear && ending == Ending::kAfterQuiet && !storage.is_used &&
           grpc == Acknowledge::kAccepted && http == Acknowledge::kAccepted &&
           !destinations[0].waits_for_result && !destinations[1].waits_for_result &&
           !failover.is_used;
  }
};

// Two kinds of seeds: mixed weather without a disk, and requests by the thousand over a disk with
// crashes.
enum class SeedKind : uint8_t { kMixed, kStorage };
// Part of it. Draws from a sequence of its own.
void add_hostile_peers(SeedKind kind, Scenario& scenario);
Scenario make_scenario(uint64_t seed, SeedKind kind);

}  // namespace millrace::sim_test
