// The points that an exporter cannot show, by reason: for a batch, and as counters and lines of the
// log.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/time.h"
#include "metrics/registry.h"
#include "prometheus_series/refusal.h"

namespace millrace::exporters {

struct RefusedPoints {
  std::array<uint64_t, kRefusalCount> counts{};
  std::array<std::string, kRefusalCount> examples;  // the name of a metric, at most 200 bytes

  void add(Refusal reason, std::string_view metric, uint64_t count);
  uint64_t of(Refusal reason) const { return counts[static_cast<size_t>(reason)]; }
  uint64_t total() const;
  // "bad_name 3, no_value 1"
  std::string text() const;
};

// One loop. A reason is written to the log once a minute.
class RefusalReport {
 public:
  struct Texts {
    std::string_view counter;  // the name of the metric
    std::string_view help;
    std::string_view line;  // of the log
  };
  using Reasons = std::bitset<kRefusalCount>;
  // A counter is made for each of `reasons`. `log` and `metrics` outlive this; `texts` are
  // literals.
  RefusalReport(std::string exporter, const Reasons& reasons, const Texts& texts, Logger& log,
                metrics::Registry& metrics);

  // Counts; returns the reasons that went to the log now. Precondition: the reasons are those of
  // the constructor.
  Reasons report(const RefusedPoints& refused, MonotonicTime now);

 private:
  const std::string exporter_;
  const std::string_view line_;
  Logger& log_;
  std::array<metrics::Counter*, kRefusalCount> counters_{};
  std::array<MonotonicTime, kRefusalCount> next_line_{};
  std::array<uint64_t, kRefusalCount> unreported_{};
};

}  // namespace millrace::exporters
