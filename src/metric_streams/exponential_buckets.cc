#include "metric_streams/exponential_buckets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace millrace::metric_streams {
namespace {

constexpr int32_t kStepsMax = 31;

int64_t shifted(int64_t index, int32_t steps) { return index >> std::min(steps, kStepsMax); }

struct Span {
  int64_t begin = std::numeric_limits<int64_t>::max();
  int64_t end = std::numeric_limits<int64_t>::min();  // behind the last one
  bool is_empty() const { return begin >= end; }
  void include(const Span& other) {
    begin = std::min(begin, other.begin);
    end = std::max(end, other.end);
  }
};

// Of the buckets that are not empty.
Span span_of(const ExponentialBuckets& buckets) {
  const auto is_counted = [](uint64_t count) { return count != 0; };
  const auto first = std::ranges::find_if(buckets.counts, is_counted);
  if (first == buckets.counts.end()) return {};
  const auto last = std::find_if(buckets.counts.rbegin(), buckets.counts.rend(), is_counted);
  return {int64_t{buckets.offset} + (first - buckets.counts.begin()),
          int64_t{buckets.offset} + (buckets.counts.rend() - last)};
}

}  // namespace

void ExponentialBuckets::downscale(int32_t steps) {
  if (steps <= 0) return;
  if (counts.empty()) {
    offset = static_cast<int32_t>(shifted(offset, steps));
    return;
  }
  const int64_t first = shifted(offset, steps);
  const int64_t last = shifted(int64_t{offset} + static_cast<int64_t>(counts.size()) - 1, steps);
  std::vector<uint64_t> coarse(static_cast<size_t>(last - first + 1));
  for (size_t i = 0; i < counts.size(); ++i) {
    const int64_t index = shifted(int64_t{offset} + static_cast<int64_t>(i), steps);
    coarse[static_cast<size_t>(index - first)] += counts[i];
  }
  offset = static_cast<int32_t>(first);
  counts = std::move(coarse);
}

size_t ExponentialBuckets::span_with(const ExponentialBuckets& other) const {
  Span both = span_of(*this);
  both.include(span_of(other));
  return both.is_empty() ? 0 : static_cast<size_t>(both.end - both.begin);
}

void ExponentialBuckets::add(const ExponentialBuckets& other) {
  const Span theirs = span_of(other);
  if (theirs.is_empty()) return;
  Span both = span_of(*this);
  both.include(theirs);
  std::vector<uint64_t> sum(static_cast<size_t>(both.end - both.begin));
  const auto put = [&](const ExponentialBuckets& from) {
    for (size_t i = 0; i < from.counts.size(); ++i) {
      if (from.counts[i] == 0) continue;
      const int64_t index = int64_t{from.offset} + static_cast<int64_t>(i);
      sum[static_cast<size_t>(index - both.begin)] += from.counts[i];
    }
  };
  put(*this);
  put(other);
  offset = static_cast<int32_t>(both.begin);
  counts = std::move(sum);
}

void ExponentialBuckets::add_at(int32_t index, uint64_t count) {
  const int64_t at = int64_t{index} - offset;
  if (!counts.empty() && at >= 0 && at < static_cast<int64_t>(counts.size())) {
    counts[static_cast<size_t>(at)] += count;
    return;
  }
  add({.offset = index, .counts = {count}});
}

uint64_t ExponentialBuckets::take_below(double threshold, int32_t scale) {
  if (!(threshold > 0) || counts.empty()) return 0;
  const double octaves = std::log2(threshold);
  const double index = std::ceil(std::ldexp(octaves, scale)) - 1;
  const double taken_buckets = index - offset + 1;
  if (!(taken_buckets > 0)) return 0;
  const size_t taken = taken_buckets >= static_cast<double>(counts.size())
                           ? counts.size()
                           : static_cast<size_t>(taken_buckets);
  uint64_t sum = 0;
  for (size_t i = 0; i < taken; ++i) sum += counts[i];
  counts.erase(counts.begin(), counts.begin() + static_cast<ptrdiff_t>(taken));
  offset = static_cast<int32_t>(offset + static_cast<int64_t>(taken));
  return sum;
}

int32_t steps_to_fit(const ExponentialBuckets& a, const ExponentialBuckets& b, size_t size_max) {
  Span both = span_of(a);
  both.include(span_of(b));
  int32_t steps = 0;
  if (both.is_empty()) return steps;
  int64_t first = both.begin;
  int64_t last = both.end - 1;
  // Two buckets may lie on both sides of one, at any scale.
  while (steps<kStepsMax&& static_cast<size_t>(last - first + 1)> std::max<size_t>(size_max, 2)) {
    first >>= 1;
    last >>= 1;
    ++steps;
  }
  return steps;
}

int32_t bucket_of(double value, int32_t scale) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction × 2^exponent, ≥ 0.5
  if (scale <= 0) {
    // The upper bound belongs to the bucket: an exact power lies one lower.
    const int64_t octave = fraction == 0.5 ? exponent - 2 : exponent - 1;
    return static_cast<int32_t>(octave >> -scale);
  }
  if (fraction == 0.5) return static_cast<int32_t>((int64_t{exponent - 1} << scale) - 1);
  const double index = std::ceil(std::ldexp(std::log2(value), scale)) - 1;
  // Rounding may not leave the octave.
  const double low = std::ldexp(static_cast<double>(exponent - 1), scale);
  const double high = std::ldexp(static_cast<double>(exponent), scale) - 1;
  return static_cast<int32_t>(std::clamp(index, low, high));
}

}  // namespace millrace::metric_streams
