// The pages and what they say:
//   `path` ("/")   200 while the collector takes data, 503 before, while draining and when a loop
//                  hangs; otelcol's body. Fit for both kinds of probe: a full queue is not a
//                  reason to be restarted.
//   /livez         200 while all loops turn.
//   /readyz        200 while it is not draining and at least one receiver takes data of one signal;
//                  otherwise 503 with the reasons. A queue that is full or a back end that is dead
//                  takes a collector out of service only when nothing else can enter, or when the
//                  option `require` says so.
//   status_path    version 2's short JSON.
// ?verbose adds each destination: its queue, what is in flight and its last answer; and what the
// ledger cannot account for, which is nothing while all is well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "extensions/health_check/options.h"
#include "transport/server.h"

namespace millrace::extensions {

struct DestinationHealth {
  std::string name;    // "otlp_grpc/backup"
  std::string signal;  // "traces"
  bool is_required = true;
  uint64_t queue_size = 0;  // in units of its sizer
  uint64_t queue_capacity = 0;
  uint32_t in_flight = 0;
  uint32_t consecutive_failures = 0;
  bool is_breaker_open = false;           // it does not answer, and is probed
  std::optional<Duration> since_success;  // none: never yet
  std::string last_answer;                // "OK" or its error
};

struct StorageHealth {
  std::string name;     // "file_storage/queue"
  std::string trouble;  // empty: all is well
};

// One signal of one receiver.
struct ReceiverHealth {
  std::string name;    // "otlp"
  std::string signal;  // "traces"
  // Why a request would be refused now; empty: it is taken. Memory is not among it: it comes back
  // within a moment.
  std::vector<std::string> refusals;
};

struct Health {
  bool is_accepting = false;  // every receiver listens
  bool is_draining = false;
  WallTime started_at;
  WallTime now;
  // How long ago the slowest loop last turned.
  Duration longest_since_turn = 0s;
  std::vector<DestinationHealth> destinations;
  std::vector<StorageHealth> storages;
  std::vector<ReceiverHealth> receivers;
  // What the ledger cannot account for, each in words; anything is a bug, but no reason not to send
  // here.
  std::vector<std::string> ledger_findings;
};

// A loop that did not turn for so long hangs: nothing it does takes a hundredth of that.
inline constexpr Duration kLoopHangs = 10s;

// Implemented by assembly; called on the loop of the health server.
class HealthSource {
 public:
  virtual Health health() const = 0;

 protected:
  ~HealthSource() = default;
};

bool is_alive(const Health& health);
// Empty when ready; otherwise each reason in words, once.
std::vector<std::string> why_not_ready(const Health& health,
                                       const ReadinessRequirements& requirements);
bool is_queue_full(const DestinationHealth& destination);
std::string full_queue_text(const DestinationHealth& destination);

// `source` must outlive the server that serves the pages.
std::vector<transport::ServerOptions::PageRoute> make_health_pages(
    const HealthCheckOptions& options, const HealthSource& source);

}  // namespace millrace::extensions
