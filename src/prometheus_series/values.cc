#include "prometheus_series/values.h"

#include <algorithm>

namespace millrace::exporters {
namespace {

// The sum of a few counts of one histogram, whose total was checked to fit.
void coarsen(ExponentialState::Buckets& buckets, int32_t by) {
  if (buckets.counts.empty() || by <= 0) return;
  const int32_t shift = std::min(by, 31);
  ExponentialState::Buckets merged;
  merged.offset = buckets.offset >> shift;
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    const int64_t index = (int64_t{buckets.offset} + static_cast<int64_t>(i)) >> shift;
    const auto at = static_cast<size_t>(index - merged.offset);
    if (at >= merged.counts.size()) merged.counts.resize(at + 1);
    merged.counts[at] += buckets.counts[i];
  }
  buckets = std::move(merged);
}

}  // namespace

void coarsen(ExponentialState& histogram, int32_t scale) {
  const int32_t by = histogram.scale - scale;
  if (by <= 0) return;
  coarsen(histogram.positive, by);
  coarsen(histogram.negative, by);
  histogram.scale = scale;
}

size_t Detail::memory_bytes() const {
  constexpr size_t kAllocationBytes = 16;
  size_t bytes = sizeof(Detail) + kAllocationBytes;
  const auto add_list = [&](size_t capacity, size_t each) {
    if (capacity != 0) bytes += capacity * each + kAllocationBytes;
  };
  if (const auto* histogram = std::get_if<HistogramState>(&value)) {
    add_list(histogram->upper_bounds.capacity(), sizeof(double));
    add_list(histogram->counts.capacity(), sizeof(uint64_t));
  } else if (const auto* exponential = std::get_if<ExponentialState>(&value)) {
    add_list(exponential->positive.counts.capacity(), sizeof(uint64_t));
    add_list(exponential->negative.counts.capacity(), sizeof(uint64_t));
  } else if (const auto* summary = std::get_if<SummaryState>(&value)) {
    add_list(summary->quantiles.capacity(), sizeof(prometheus::QuantileValue));
  }
  add_list(exemplars.capacity(), sizeof(StoredExemplar));
  for (const StoredExemplar& exemplar : exemplars) add_list(exemplar.labels.capacity(), 1);
  return bytes;
}

}  // namespace millrace::exporters
