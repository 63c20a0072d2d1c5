// The counters of a remote-write exporter. They are the process's; one object for
// each worker.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"
#include "metrics/registry.h"
#include "prometheus_series/refused_points.h"
#include "transport/client/client.h"

namespace millrace::exporters {

// Of one request.
struct WrittenCounts {
  RefusedPoints refused;
  uint64_t repaired = 0;
  uint64_t series = 0;
  uint64_t samples = 0;
};

// Why a server refused a request for good, as far as its text says so.
enum class Rejection : uint8_t { kOutOfOrder, kDuplicate, kOutOfBounds, kOther };
inline constexpr size_t kRejectionCount = 4;
Rejection rejection_of(std::string_view answer);

class WriteCounters {
 public:
  // `log` and `metrics` outlive this.
  WriteCounters(const std::string& exporter, const std::string& endpoint, Logger& log,
                metrics::Registry& metrics);

  void count_answer(const transport::ClientAnswer& answer);
  // A request was taken, or had nothing to be sent.
  void count_delivered(const WrittenCounts& counts, MonotonicTime now);

 private:
  metrics::Counter& sent_;
  metrics::Counter& series_;
  metrics::Counter& samples_;
  metrics::Counter& failed_;
  metrics::Counter& repaired_;
  std::array<metrics::Counter*, kRejectionCount> rejections_{};
  RefusalReport refusals_;
};

}  // namespace millrace::exporters
