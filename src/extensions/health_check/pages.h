// The pages and what they say:
//   `path` ("/")   200 while the collector takes data, 503 before, while draining and when a loop
//                  hangs; otelcol's body. Fit for both kinds of probe: a full queue is not a
//                  reason to be restarted.
//   /livez         200 while all loops turn.
//   /readyz        200 while it takes data, is not draining, and no required destination's queue
//                  is full, and every storage can be written; otherwise 503 with the reasons.
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

struct Health {
  bool is_accepting = false;  // every receiver listens
  bool is_draining = false;
  WallTime started_at;
  WallTime now;
  // How long ago the slowest loop last turned.
  Duration longest_since_turn = 0s;
  std::vector<DestinationHealth> destinations;
  std::vector<StorageHealth> storages;
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
// Empty when ready; otherwise each reason in words.
std::vector<std::string> why_not_ready(const Health& health);

// `source` must outlive the server that serves the pages.
std::vector<transport::ServerOptions::PageRoute> make_health_pages(
    const HealthCheckOptions& options, const HealthSource& source);

}  // namespace millrace::extensions
