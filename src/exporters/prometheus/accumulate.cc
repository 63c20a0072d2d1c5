#include "exporters/prometheus/accumulate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "prometheus/native_histogram.h"

namespace millrace::exporters {
namespace {

using Buckets = ExponentialState::Buckets;

bool is_old(const Interval& stored, const Interval& point) {
  return point.time != 0 && point.time < stored.time;
}

bool add_counts(uint64_t& into, uint64_t more) {
  return !__builtin_add_overflow(into, more, &into);
}

void trim(Buckets& buckets) {
  std::vector<uint64_t>& counts = buckets.counts;
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
  const auto first = std::ranges::find_if(counts, [](uint64_t count) { return count != 0; });
  buckets.offset += static_cast<int32_t>(first - counts.begin());
  counts.erase(counts.begin(), first);
  if (counts.empty()) buckets.offset = 0;
}

// The number of buckets from the first to the last of both, at a scale coarser by `by`.
uint64_t joint_size(const Buckets& a, const Buckets& b, int32_t by) {
  int64_t first = std::numeric_limits<int64_t>::max();
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const Buckets* buckets : {&a, &b}) {
    if (buckets->counts.empty()) continue;
    const int64_t size = static_cast<int64_t>(buckets->counts.size());
    first = std::min(first, int64_t{buckets->offset} >> by);
    last = std::max(last, (int64_t{buckets->offset} + size - 1) >> by);
  }
  return first > last ? 0 : static_cast<uint64_t>(last - first + 1);
}

bool add(Buckets& into, const Buckets& delta) {
  if (delta.counts.empty()) return true;
  if (into.counts.empty()) {
    into = delta;
    return true;
  }
  const int64_t first = std::min<int64_t>(into.offset, delta.offset);
  const uint64_t size = joint_size(into, delta, 0);
  std::vector<uint64_t> counts(size);
  std::ranges::copy(into.counts, counts.begin() + (int64_t{into.offset} - first));
  bool fits = true;
  for (size_t i = 0; i < delta.counts.size(); ++i) {
    const auto at = static_cast<size_t>(int64_t{delta.offset} + static_cast<int64_t>(i) - first);
    fits = add_counts(counts[at], delta.counts[i]) && fits;
  }
  into.offset = static_cast<int32_t>(first);
  into.counts = std::move(counts);
  return fits;
}

// Moves the buckets up to index `last` into the zero count.
void fold(Buckets& buckets, int64_t last, uint64_t& zero_count) {
  const int64_t size = std::clamp<int64_t>(last - buckets.offset + 1, 0,
                                           static_cast<int64_t>(buckets.counts.size()));
  for (int64_t i = 0; i < size; ++i) zero_count += buckets.counts[static_cast<size_t>(i)];
  buckets.counts.erase(buckets.counts.begin(), buckets.counts.begin() + size);
  buckets.offset += static_cast<int32_t>(size);
  trim(buckets);
}

bool has_count(const Buckets& buckets, int64_t index) {
  const int64_t at = index - buckets.offset;
  return at >= 0 && at < static_cast<int64_t>(buckets.counts.size()) &&
         buckets.counts[static_cast<size_t>(at)] != 0;
}

}  // namespace

Step step_of_cumulative(const Interval& stored, const Interval& point) {
  return is_old(stored, point) ? Step::kIsOld : Step::kReplaces;
}

Step step_of_delta_sum(const Interval& stored, const Interval& point) {
  if (is_old(stored, point)) return Step::kIsOld;
  const bool follows = point.start == 0 || stored.time == 0 || point.start == stored.time;
  return follows ? Step::kAdds : Step::kReplaces;
}

Step step_of_delta_histogram(const Interval& stored, const Interval& point) {
  const Step step = step_of_delta_sum(stored, point);
  const bool overlaps = step == Step::kReplaces && point.start < stored.time;
  return overlaps ? Step::kIsMisaligned : step;
}

Interval interval_after(Step step, const Interval& stored, const Interval& point) {
  switch (step) {
    case Step::kReplaces:
      return point;
    case Step::kAdds:
      return {.start = stored.start, .time = std::max(stored.time, point.time)};
    case Step::kIsOld:
    case Step::kIsMisaligned:
      break;
  }
  return stored;
}

bool add_histogram(HistogramState& into, const HistogramState& delta) {
  if (into.upper_bounds != delta.upper_bounds || into.counts.size() != delta.counts.size()) {
    return false;
  }
  // No bucket is larger than the count of all.
  uint64_t count = into.count;
  if (!add_counts(count, delta.count)) return false;
  into.count = count;
  into.sum += delta.sum;
  for (size_t i = 0; i < into.counts.size(); ++i) into.counts[i] += delta.counts[i];
  return true;
}

void fold_into_zero(ExponentialState& histogram) {
  const double threshold = histogram.zero_threshold;
  if (!(threshold > 0) || std::isinf(threshold)) return;
  // The bucket with the threshold: base^i < threshold <= base^(i + 1).
  const double buckets_each_octave = std::ldexp(1.0, histogram.scale);
  const auto index =
      static_cast<int64_t>(std::ceil(std::log2(threshold) * buckets_each_octave)) - 1;
  const double upper = std::exp2(static_cast<double>(index + 1) / buckets_each_octave);
  const bool ends_here = upper <= threshold;
  const bool divides = has_count(histogram.positive, index) || has_count(histogram.negative, index);
  if (!ends_here && divides && std::isfinite(upper)) histogram.zero_threshold = upper;
  const int64_t last = ends_here || divides ? index : index - 1;
  fold(histogram.positive, last, histogram.zero_count);
  fold(histogram.negative, last, histogram.zero_count);
}

bool add_exponential(ExponentialState& into, ExponentialState delta) {
  // No bucket is larger than the count of all.
  if (!add_counts(into.count, delta.count)) return false;
  for (ExponentialState* histogram : {&into, &delta}) {
    trim(histogram->positive);
    trim(histogram->negative);
  }
  int32_t scale = std::min(into.scale, delta.scale);
  coarsen(into, scale);
  coarsen(delta, scale);
  while (joint_size(into.positive, delta.positive, 0) > kExponentialBucketsMax ||
         joint_size(into.negative, delta.negative, 0) > kExponentialBucketsMax) {
    if (--scale < prometheus::kSchemaMin) return false;
    coarsen(into, scale);
    coarsen(delta, scale);
  }
  into.zero_threshold = std::max(into.zero_threshold, delta.zero_threshold);
  into.zero_count += delta.zero_count;
  into.sum += delta.sum;
  const bool fits = add(into.positive, delta.positive) && add(into.negative, delta.negative);
  fold_into_zero(into);
  return fits;
}

}  // namespace millrace::exporters
