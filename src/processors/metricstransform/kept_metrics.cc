#include "processors/metricstransform/kept_metrics.h"

#include <algorithm>
#include <utility>

namespace millrace::processors::metricstransform {
namespace {

constexpr size_t kUnreservedBytes = 64 << 10;
constexpr std::string_view kWhat = "transforming metrics";

}  // namespace

bool KeptMetrics::charge(size_t bytes) {
  if (failure_) return false;
  used_ += bytes;
  if (used_ > bytes_max_) {
    fail({Code::kResourceExhausted, std::string(kWhat) + " would make more than " +
                                        std::to_string(bytes_max_) + " bytes of the request"});
  } else if (used_ > std::max(kUnreservedBytes, memory_.bytes())) {
    Budget& budget = work_.pool.budget();
    Reservation larger = Reservation::try_make(budget, MemoryTerm::kWork, 2 * used_);
    if (!larger) fail(no_memory(kWhat, 2 * used_, budget));
    if (larger) memory_ = std::move(larger);
  }
  return !failure_;
}

otlp::MessageBytes KeptMetrics::keep(std::string metric) {
  if (!charge(metric.size() + sizeof metric)) return {};
  return as_span(metrics_.emplace_back(std::move(metric)));
}

}  // namespace millrace::processors::metricstransform
