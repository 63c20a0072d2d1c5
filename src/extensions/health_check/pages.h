// The pages and their contents:
//   `path` ("/")   200 while the collector accepts data; 503 before that, while draining and when a
//                  loop hangs; otelcol's body. Usable for liveness and readiness: a full queue does
//                  not cause a restart.
//   /livez         200 while all loops turn.
//   /readyz        200 while it is not draining and at least one receiver accepts one signal;
//                  otherwise 503 with the reasons. A full queue or a destination that does not
//                  answer causes 503 only when no other data can be admitted, or when the
//                  option `require` names it.
//   status_path    version 2's short JSON.
//   /debug/*       with has_debug_pages: where these pages and the metrics are.
// ?verbose adds each destination (queue, requests in flight, last answer), what components that
// keep connections of their own say of them (Kafka: brokers, partitions, lag), and the accounts of
// the ledger that do not balance, of which a correct program has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "extensions/health_check/options.h"
#include "transport/server/server.h"

namespace millrace::extensions {

struct DestinationHealth {
  std::string name;    // "otlp_grpc/backup"
  std::string signal;  // "traces"
  bool is_required = true;
  uint64_t queue_size = 0;  // in units of the queue's sizer
  uint64_t queue_capacity = 0;
  uint32_t in_flight = 0;
  uint32_t consecutive_failures = 0;
  bool is_breaker_open = false;           // it does not answer, and is probed
  std::optional<Duration> since_success;  // empty: no request has succeeded yet
  std::string last_answer;                // "OK" or the error
};

struct StorageHealth {
  std::string name;     // "file_storage/queue"
  std::string trouble;  // empty: the storage works
};

// One signal of one receiver.
struct ReceiverHealth {
  std::string name;    // "otlp"
  std::string signal;  // "traces"
  // The reasons to refuse a request now; empty: requests are admitted. Exhausted memory is not
  // among them, because it becomes available within a moment.
  std::vector<std::string> refusals;
};

// Numbers that a component shows of one thing that it has, such as a partition or a broker.
struct ComponentState {
  std::vector<std::pair<std::string, std::string>> labels;  // {"name", "kafka"}, {"topic", "a"}
  std::vector<std::pair<std::string, double>> values;       // {"offset_lag", 3}; whole numbers
};

struct Health {
  bool is_accepting = false;  // every receiver listens
  bool is_draining = false;
  WallTime started_at;
  WallTime now;
  // The time since the last turn of the loop that turned longest ago.
  Duration longest_since_turn = 0s;
  std::vector<DestinationHealth> destinations;
  std::vector<StorageHealth> storages;
  std::vector<ReceiverHealth> receivers;
  std::vector<ComponentState> components;  // for ?verbose alone
  // Accounts that do not balance, each as a sentence. Each is a bug of the program, but not a
  // reason to stop sending data to it.
  std::vector<std::string> ledger_findings;
};

// A loop without a turn for this long hangs: the longest work of a turn takes a hundredth of it.
inline constexpr Duration kLoopHangs = 10s;

// Implemented by assembly; called on the loop of the health server.
class HealthSource {
 public:
  virtual Health health() const = 0;
  // Health::components. Takes the lock of the metrics, which health() does not.
  virtual std::vector<ComponentState> components() const { return {}; }

 protected:
  ~HealthSource() = default;
};

bool is_alive(const Health& health);
// Returns the distinct reasons in words; empty: ready.
std::vector<std::string> why_not_ready(const Health& health,
                                       const ReadinessRequirements& requirements);
bool is_queue_full(const DestinationHealth& destination);
std::string full_queue_text(const DestinationHealth& destination);

// `source` must outlive the server that serves the pages.
std::vector<transport::PageRoute> make_health_pages(const HealthCheckOptions& options,
                                                    const HealthSource& source);

}  // namespace millrace::extensions
