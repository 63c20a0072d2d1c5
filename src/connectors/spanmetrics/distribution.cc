#include "connectors/spanmetrics/distribution.h"

#include <algorithm>

namespace millrace::connectors::spanmetrics {
namespace {

using metric_streams::ExponentialBuckets;
using metric_streams::ExponentialValues;
using metric_streams::HistogramValues;
using metric_streams::PointValues;

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

void observe_in(double value, uint64_t count, const Options& options, HistogramValues& into) {
  into.count += count;
  into.sum = *into.sum + value * static_cast<double>(count);
  const auto bucket = std::ranges::lower_bound(options.bounds, value) - options.bounds.begin();
  into.counts[static_cast<size_t>(bucket)] += count;
}

void observe_in(double value, uint64_t count, const Options& options, ExponentialValues& into) {
  into.count += count;
  into.sum = *into.sum + value * static_cast<double>(count);
  add_limits({.min = value, .max = value}, into);
  if (value == 0) {
    into.zero_count += count;
    return;
  }
  const int32_t index = metric_streams::bucket_of(value, into.scale);
  const int64_t at = int64_t{index} - into.positive.offset;
  if (at >= 0 && at < static_cast<int64_t>(into.positive.counts.size())) {
    into.positive.counts[static_cast<size_t>(at)] += count;
  } else {
    add_buckets({.offset = index, .counts = {count}}, options.buckets_max, into);
  }
}

void add_in(const HistogramValues& other, const Options&, HistogramValues& into) {
  into.count += other.count;
  into.sum = *into.sum + *other.sum;
  for (size_t i = 0; i < into.counts.size(); ++i) into.counts[i] += other.counts[i];
}

void add_in(const ExponentialValues& other, const Options& options, ExponentialValues& into) {
  into.count += other.count;
  into.sum = *into.sum + *other.sum;
  into.zero_count += other.zero_count;
  add_limits(other, into);
  ExponentialBuckets theirs = other.positive;
  if (into.scale > other.scale) downscale(into.scale - other.scale, into);
  theirs.downscale(other.scale - into.scale);
  add_buckets(std::move(theirs), options.buckets_max, into);
}

}  // namespace

PointValues make_distribution(const Options& options) {
  if (options.is_exponential)
    return ExponentialValues{.sum = 0, .scale = metric_streams::kScaleMax};
  return HistogramValues{.sum = 0, .counts = std::vector<uint64_t>(options.bounds.size() + 1)};
}

void observe(double value, uint64_t count, const Options& options, PointValues& distribution) {
  if (auto* const histogram = std::get_if<HistogramValues>(&distribution)) {
    observe_in(value, count, options, *histogram);
  } else {
    observe_in(value, count, options, std::get<ExponentialValues>(distribution));
  }
}

void add(const PointValues& other, const Options& options, PointValues& distribution) {
  if (auto* const histogram = std::get_if<HistogramValues>(&distribution)) {
    add_in(std::get<HistogramValues>(other), options, *histogram);
  } else {
    add_in(std::get<ExponentialValues>(other), options, std::get<ExponentialValues>(distribution));
  }
}

size_t distribution_bytes_max(const Options& options) {
  if (!options.has_histogram) return 0;
  return 8 * (options.is_exponential ? options.buckets_max : options.bounds.size() + 1);
}

}  // namespace millrace::connectors::spanmetrics
