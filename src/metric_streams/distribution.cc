#include "metric_streams/distribution.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace::metric_streams {
namespace {

constexpr uint32_t kExplicitBounds = 7;  // of HistogramDataPoint

void add_limits(const ExponentialValues& other, ExponentialValues& into) {
  if (other.min) into.min = into.min ? std::min(*into.min, *other.min) : *other.min;
  if (other.max) into.max = into.max ? std::max(*into.max, *other.max) : *other.max;
}

void downscale(int32_t steps, ExponentialValues& values) {
  values.positive.downscale(steps);
  values.scale -= steps;
}

// Adds buckets of the same scale, which shrinks to fit.
void add_buckets(ExponentialBuckets other, size_t buckets_max, ExponentialValues& into) {
  const int32_t steps = steps_to_fit(into.positive, other, buckets_max);
  downscale(steps, into);
  other.downscale(steps);
  into.positive.add(other);
}

void observe_in(double value, uint64_t count, const DistributionShape& shape,
                HistogramValues& into) {
  into.count += count;
  into.sum = *into.sum + value * static_cast<double>(count);
  const auto bucket = std::ranges::lower_bound(shape.bounds, value) - shape.bounds.begin();
  into.counts[static_cast<size_t>(bucket)] += count;
}

void observe_in(double value, uint64_t count, const DistributionShape& shape,
                ExponentialValues& into) {
  into.count += count;
  into.sum = *into.sum + value * static_cast<double>(count);
  add_limits({.min = value, .max = value}, into);
  if (value == 0) {
    into.zero_count += count;
    return;
  }
  const int32_t index = bucket_of(value, into.scale);
  const int64_t at = int64_t{index} - into.positive.offset;
  if (at >= 0 && at < static_cast<int64_t>(into.positive.counts.size())) {
    into.positive.counts[static_cast<size_t>(at)] += count;
  } else {
    add_buckets({.offset = index, .counts = {count}}, shape.buckets_max, into);
  }
}

void add_in(const HistogramValues& other, const DistributionShape&, HistogramValues& into) {
  into.count += other.count;
  into.sum = *into.sum + *other.sum;
  for (size_t i = 0; i < into.counts.size(); ++i) into.counts[i] += other.counts[i];
}

void add_in(const ExponentialValues& other, const DistributionShape& shape,
            ExponentialValues& into) {
  into.count += other.count;
  into.sum = *into.sum + *other.sum;
  into.zero_count += other.zero_count;
  add_limits(other, into);
  ExponentialBuckets theirs = other.positive;
  if (into.scale > other.scale) downscale(into.scale - other.scale, into);
  theirs.downscale(other.scale - into.scale);
  add_buckets(std::move(theirs), shape.buckets_max, into);
}

// Without buckets there is no scale, as in otelcol.
void write_exponential(const ExponentialValues& values, wire::Writer& into) {
  if (!values.positive.is_empty()) return write_values(values, into);
  ExponentialValues zeros = values;
  zeros.scale = 0;
  write_values(zeros, into);
}

}  // namespace

PointValues make_distribution(const DistributionShape& shape) {
  if (shape.is_exponential) return ExponentialValues{.sum = 0, .scale = kScaleMax};
  return HistogramValues{.sum = 0, .counts = std::vector<uint64_t>(shape.bounds.size() + 1)};
}

void observe(double value, uint64_t count, const DistributionShape& shape,
             PointValues& distribution) {
  if (auto* const histogram = std::get_if<HistogramValues>(&distribution)) {
    observe_in(value, count, shape, *histogram);
  } else {
    observe_in(value, count, shape, std::get<ExponentialValues>(distribution));
  }
}

void add(const PointValues& other, const DistributionShape& shape, PointValues& distribution) {
  if (auto* const histogram = std::get_if<HistogramValues>(&distribution)) {
    add_in(std::get<HistogramValues>(other), shape, *histogram);
  } else {
    add_in(std::get<ExponentialValues>(other), shape, std::get<ExponentialValues>(distribution));
  }
}

size_t distribution_bytes_max(const DistributionShape& shape) {
  return 8 * (shape.is_exponential ? shape.buckets_max : shape.bounds.size() + 1);
}

void write_distribution(const PointValues& distribution, const DistributionShape& shape,
                        wire::Writer& into) {
  if (shape.is_exponential)
    return write_exponential(std::get<ExponentialValues>(distribution), into);
  write_values(distribution, into);
  if (shape.bounds.empty()) return;
  const auto bounds = into.open(kExplicitBounds, 8 * shape.bounds.size());
  for (const double bound : shape.bounds) into.raw_fixed64(std::bit_cast<uint64_t>(bound));
  into.close(bounds);
}

}  // namespace millrace::metric_streams
