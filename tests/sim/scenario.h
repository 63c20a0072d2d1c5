// Everything that a seed determines before the clock starts: the collector's configuration, the
// clients' requests, the misbehaviour of sinks and network. Plain data; scenario.cc draws it.
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

// The weather determines how exact the checks can be.
enum class Weather : uint8_t {
  // The network is perfect and sinks always answer truthfully: every count is exact.
  kClear,
  // Sinks hang, restart and vanish on a good network.
  kCloudy,
  // The network fails as well.
  kStorm,
};

// Probabilities for each request; the remaining requests are taken and answered OK.
struct SinkBehaviour {
  double refuse_with_wish = 0;  // UNAVAILABLE with RetryInfo
  double refuse = 0;            // UNAVAILABLE without RetryInfo
  double refuse_for_good = 0;   // PERMISSION_DENIED
  double partial = 0;           // taken except for a few items
  double hang = 0;              // not taken, never answered
  double take_and_hang = 0;     // taken, never answered
  double slow = 0;              // taken, answered late, perhaps too late
  double reset = 0;             // taken or not, and every connection of the host is reset
  double lie_refused = 0;       // taken, but answered with UNAVAILABLE
  double lie_rejected = 0;      // taken, but answered with more rejected items than it contains
  double lie_too_large = 0;     // not taken, and answered as too large whatever its size
  uint64_t poison_every = 0;    // items with such a number are bad data; 0: none
  uint64_t giant_every = 0;     // items with such a number are too large, even alone
  uint32_t items_max = 0;       // requests with more are too large; 0: no limit
  Duration slow_max = 0s;
  Duration restart_every = 0s;  // GOAWAY and a new server in its place; zero: never
  Duration vanish_every = 0s;   // no server listens for a while
  Duration vanish_max = 0s;
  // With a speech: while the server has vanished, a hostile one listens in its place.
  HostileHabits impostor = {};
};

struct DestinationScenario {
  std::string exporter;  // "otlp_grpc/a"
  std::string host;      // the host of its sink
  uint16_t port = 0;
  bool is_required = true;
  bool waits_for_result = false;
  bool has_storage = false;
  // False where memory may hold items that the disk does not: spill, on_storage_error: memory.
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
  Duration timeout = 10s;      // for one attempt
  uint32_t attempts_max = 5;
  double gzip = 0;
  double bad_data = 0;
  bool names_tenants = false;
};

struct HostileClientScenario {
  HostileHabits habits;
  uint16_t port = 0;
  uint32_t connections = 0;           // at the same time
  uint32_t connections_made_max = 0;  // in total
};

// The path of one pipeline to one destination.
struct Route {
  Signal signal = Signal::kTraces;
  size_t destination = 0;
  bool is_edited = false;
  bool is_filtered = false;  // by kFilterPattern
};

// One signal may go through a failover connector: to one destination, and if that fails to the
// other.
struct FailoverScenario {
  bool is_used = false;
  Signal signal = Signal::kLogs;
  bool has_storage = false;  // the connector's own queue on disk
  bool keeps_durable = false;
};

enum class Acknowledge : uint8_t { kAccepted, kDurable, kDelivered };

// The disk under the destinations with storage, and the deaths of the process on it.
struct StorageScenario {
  bool is_used = false;
  uint32_t crashes = 0;             // while there are faults
  uint32_t clean_restarts = 0;      // likewise: drained, ended, started again
  double power_cut = 0;             // of crashes: unsynced data is lost; otherwise as kill -9
  double dies_while_starting = 0;   // of starts after a crash
  double fails_while_starting = 0;  // of those starts: disk calls fail
  double input_output = 0;          // of disk calls
  double no_space = 0;              // of disk calls
  uint64_t capacity_bytes = 0;      // of the disk while there are faults; 0: no limit
  bool removes_directory = false;   // an operator does, once, while the process runs
  bool gives_up_segments = false;   // drops segments by age or to make room
  Duration lane_delay_max = 5ms;    // the maximum time of a disk task
  // Every destination takes everything in the end and no retry expires: every item that was
  // acknowledged as durable is then at its sink, and none is dropped.
  bool is_patient = false;
};

enum class Ending : uint8_t {
  kAfterQuiet,    // faults stop, queues empty, then the drain
  kInTheMiddle,   // the drain begins while clients send and sinks misbehave
  kWithoutDrain,  // the process ends without a drain
};

struct Scenario {
  uint64_t seed = 0;
  Weather weather = Weather::kClear;
  io::sim::NetworkFaults faults;
  bool has_partitions = false;  // scripted, between the collector and other hosts
  bool has_resets = false;      // scripted, of the collector's connections
  Duration trouble = 0s;        // then the faults stop
  Ending ending = Ending::kAfterQuiet;
  Duration drain_timeout = 30s;
  uint64_t budget_bytes = 0;  // of the whole budget; 0: by configuration and machine
  std::string configuration;  // YAML
  // ISA-L's gzip reads memory before its input: sizes, and therefore traces, may differ.
  bool uses_gzip = false;
  bool has_tenants = false;  // senders name one in a header, by which batches may be formed
  Acknowledge grpc = Acknowledge::kAccepted;
  Acknowledge http = Acknowledge::kAccepted;
  StorageScenario storage;
  std::array<DestinationScenario, 2> destinations;
  std::vector<Route> routes;
  std::string edit_text;  // of each edited span; empty: it varies
  FailoverScenario failover;
  std::vector<ClientScenario> clients;
  std::vector<HostileClientScenario> hostile_clients;

  bool fails_over(Signal signal) const { return failover.is_used && failover.signal == signal; }

  Acknowledge policy_over(ClientKind kind) const { return kind == ClientKind::kGrpc ? grpc : http; }
  bool delivered_over(ClientKind kind) const {
    return policy_over(kind) == Acknowledge::kDelivered;
  }
  // Nothing delays senders: the network is fast, the receivers do not wait for destinations, and
  // the budget has room for connections (a stack of the sanitizer build fills a few MiB).
  bool answers_at_once() const {
    const auto has = [this](const char* text) {
      return configuration.find(text) != std::string::npos;
    };
    return is_exact() && !has("on_full: block") &&
           (!has("memory_limiter:") || has("limit_mib: 64"));
  }
  // Every result is then reported once, and truthfully.
  bool is_exact() const {
    return weather == Weather::kClear && ending == Ending::kAfterQuiet && !storage.is_used &&
           grpc == Acknowledge::kAccepted && http == Acknowledge::kAccepted &&
           !destinations[0].waits_for_result && !destinations[1].waits_for_result &&
           !failover.is_used;
  }
};

// Two kinds of seeds: mixed weather without a disk, and thousands of requests over a disk with
// crashes.
enum class SeedKind : uint8_t { kMixed, kStorage };
// Adds hostile peers, drawn from a sequence of its own.
void add_hostile_peers(SeedKind kind, Scenario& scenario);
Scenario make_scenario(uint64_t seed, SeedKind kind);

}  // namespace millrace::sim_test
