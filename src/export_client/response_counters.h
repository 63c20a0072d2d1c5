// How often destinations of one exporter passed a bound on what they may answer, and whether that
// is worth a line of the log now. Any thread; shared by the workers' exporters.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/time.h"
#include "http/response_limit.h"

namespace millrace::exporters {

class ResponseCounters {
 public:
  // True: at most once in ten seconds.
  bool count(http::ResponseLimit limit, MonotonicTime now) {
    by_limit_[static_cast<size_t>(limit)].fetch_add(1, std::memory_order_relaxed);
    int64_t next = next_line_ns_.load(std::memory_order_relaxed);
    const int64_t now_ns = now.time_since_epoch().count();
    constexpr int64_t kInterval = Duration(10s).count();
    return now_ns >= next && next_line_ns_.compare_exchange_strong(next, now_ns + kInterval,
                                                                   std::memory_order_relaxed);
  }
  uint64_t count_of(http::ResponseLimit limit) const {
    return by_limit_[static_cast<size_t>(limit)].load(std::memory_order_relaxed);
  }

 private:
  // Loops add, the metrics page reads; statistics that order nothing else.
  std::array<std::atomic<uint64_t>, http::kResponseLimitCount> by_limit_{};
  // When the next line may be written; whichever loop moves it on writes the line.
  std::atomic<int64_t> next_line_ns_{0};
};

}  // namespace millrace::exporters
