#include "processors/deltatocumulative/accumulation.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace millrace::processors::deltatocumulative {
namespace {

using metric_streams::ExponentialBuckets;
using metric_streams::ExponentialValues;
using metric_streams::HistogramValues;
using metric_streams::NumberValues;
using metric_streams::PointValues;

double to_double(const NumberValues& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number.value);
}

bool add(const NumberValues& point, NumberValues& sum) {
  const int64_t* const number = std::get_if<int64_t>(&point.value);
  int64_t* const integer = std::get_if<int64_t>(&sum.value);
  if (number != nullptr && integer != nullptr) {
    *integer =
        static_cast<int64_t>(static_cast<uint64_t>(*integer) + static_cast<uint64_t>(*number));
  } else {
    sum.value = to_double(sum) + to_double(point);
  }
  return true;
}

// What one of the two does not have, their sum cannot have.
template <class Join>
void join(const std::optional<double>& point, std::optional<double>& sum, const Join& with) {
  if (point && sum) {
    sum = with(*sum, *point);
  } else {
    sum.reset();
  }
}

template <class Values>
void add_totals(const Values& point, Values& sum) {
  sum.count += point.count;
  join(point.sum, sum.sum, [](double a, double b) { return a + b; });
  join(point.min, sum.min, [](double a, double b) { return std::fmin(a, b); });
  join(point.max, sum.max, [](double a, double b) { return std::fmax(a, b); });
}

bool add(const HistogramValues& point, HistogramValues& sum) {
  if (point.bounds != sum.bounds || point.counts.size() != sum.counts.size()) return false;
  for (size_t i = 0; i < sum.counts.size(); ++i) sum.counts[i] += point.counts[i];
  add_totals(point, sum);
  return true;
}

void downscale(int32_t steps, ExponentialValues& values) {
  values.positive.downscale(steps);
  values.negative.downscale(steps);
  values.scale -= steps;
}

// Counts the buckets within the threshold as zero. A bucket that the threshold cuts is taken whole,
// and the threshold moves to its end.
void widen_zero(double threshold, ExponentialValues& values) {
  if (!(threshold > values.zero_threshold)) return;
  const uint64_t taken = values.positive.take_below(threshold, values.scale) +
                         values.negative.take_below(threshold, values.scale);
  values.zero_count += taken;
  values.zero_threshold = threshold;
  if (taken == 0) return;
  const double octaves = std::ceil(std::ldexp(std::log2(threshold), values.scale));
  values.zero_threshold = std::max(threshold, std::exp2(std::ldexp(octaves, -values.scale)));
}

int32_t steps_between(int32_t finer, int32_t coarser) {
  return static_cast<int32_t>(std::min<int64_t>(int64_t{finer} - coarser, 64));
}

bool add(ExponentialValues point, ExponentialValues& sum) {
  if (point.scale > sum.scale) downscale(steps_between(point.scale, sum.scale), point);
  if (sum.scale > point.scale) downscale(steps_between(sum.scale, point.scale), sum);
  if (point.scale != sum.scale) return false;  // nothing real has scales that far apart
  widen_zero(point.zero_threshold, sum);
  widen_zero(sum.zero_threshold, point);
  const int32_t steps = std::max(steps_to_fit(sum.positive, point.positive, kBucketsMax),
                                 steps_to_fit(sum.negative, point.negative, kBucketsMax));
  downscale(steps, sum);
  downscale(steps, point);
  sum.positive.add(point.positive);
  sum.negative.add(point.negative);
  sum.zero_count += point.zero_count;
  sum.zero_threshold = std::max(sum.zero_threshold, point.zero_threshold);
  add_totals(point, sum);
  return true;
}

}  // namespace

bool accumulate(const PointValues& point, PointValues& sum) {
  const bool is_added = std::visit(
      [&]<class Values>(const Values& of_type) {
        Values* const into = std::get_if<Values>(&sum);
        return into != nullptr && add(of_type, *into);
      },
      point);
  if (!is_added) sum = point;
  return is_added;
}

size_t growth_max(const PointValues& point) {
  if (std::holds_alternative<NumberValues>(point)) return 0;
  return sizeof(PointValues) + bytes_of(point) + 2 * 8 * (kBucketsMax + 2);
}

}  // namespace millrace::processors::deltatocumulative
