#include "ottl/histogram_conversion.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ottl/metric_points.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

// More than this is not dealt one by one.
constexpr uint64_t kDealtMax = 1'000;

uint64_t as_count(const Value& value) { return static_cast<uint64_t>(value.number); }

// The count of a bucket between `lower` and `upper` is distributed over buckets whose upper bounds
// are `bounds`.
struct Bucket {
  uint64_t count;
  double lower;
  double upper;
};

class Distribution {
 public:
  Distribution(std::span<const double> bounds, Random* random)
      : bounds_(bounds), counts_(bounds.size()), random_(random) {}

  void add(const Bucket& bucket, std::string_view name) {
    if (bucket.lower > bounds_.back()) {
      counts_.back() += bucket.count;
      return;
    }
    for (size_t i = 1; i < bounds_.size(); i++) {
      if (bucket.lower > bounds_[i - 1] && bucket.upper <= bounds_[i]) {
        counts_[i - 1] += bucket.count;
        return;
      }
    }
    if (name == "upper") return add_by_upper(bucket);
    if (name == "midpoint") return add_by_midpoint(bucket);
    if (name == "uniform") return add_uniform(bucket);
    add_random(bucket);
  }
  void add_zeros(uint64_t count) {
    if (bounds_[0] == 0) counts_[0] += count;
  }
  const std::vector<uint64_t>& counts() const { return counts_; }

 private:
  // The first bound that is not below the value; the last one if there is none.
  size_t find(double value) const {
    const auto found = std::ranges::find_if(bounds_, [&](double bound) { return value <= bound; });
    return std::min(static_cast<size_t>(found - bounds_.begin()), bounds_.size() - 1);
  }
  void add_by_upper(const Bucket& bucket) { counts_[find(bucket.upper)] += bucket.count; }
  void add_by_midpoint(const Bucket& bucket) {
    const double middle = (bucket.upper + bucket.lower) / 2;
    const size_t at = find(middle);
    // As in otelcol: the bucket before the bound, unless it lies above all of them.
    const bool is_above = middle > bounds_[at];
    counts_[at > 0 && !is_above ? at - 1 : at] += bucket.count;
  }
  void add_uniform(const Bucket& bucket) {
    const size_t first = find(bucket.lower);
    const size_t last = std::max(first, find(bucket.upper));
    const uint64_t parts = last - first + 1;
    for (size_t i = first; i <= last; i++) {
      counts_[i] += bucket.count / parts + (i - first < bucket.count % parts ? 1 : 0);
    }
  }
  // By how much of the bucket each part covers, then by chance.
  void add_random(const Bucket& bucket) {
    const size_t first = find(bucket.lower);
    const size_t last = std::max(first, find(bucket.upper));
    uint64_t left = bucket.count;
    for (size_t i = first; i <= last && last > first; i++) {
      const double from = std::max(i == 0 ? bucket.lower : bounds_[i - 1], bucket.lower);
      const double share =
          (std::min(bounds_[i], bucket.upper) - from) / (bucket.upper - bucket.lower);
      if (!(share > 0)) continue;
      const double part = static_cast<double>(bucket.count) * std::min(share, 1.0) * unit();
      const uint64_t taken = part < static_cast<double>(left) ? static_cast<uint64_t>(part) : left;
      counts_[i] += taken;
      left -= taken;
    }
    const uint64_t parts = last - first + 1;
    if (left > kDealtMax) {
      for (size_t i = first; i <= last; i++) counts_[i] += left / parts;
      left %= parts;
    }
    for (; left > 0; left--) counts_[first + (random_ == nullptr ? 0 : random_->below(parts))]++;
  }
  double unit() { return random_ == nullptr ? 1.0 : random_->unit(); }

  std::span<const double> bounds_;
  std::vector<uint64_t> counts_;
  Random* random_;
};

Value make_list(std::span<const double> numbers, Scratch& scratch) {
  List* const list = scratch.make_list();
  for (const double number : numbers) list->elements.push_back(Value::of_double(number));
  return Value::of_list(list);
}

// 2^(index * 2^-scale).
double bucket_bound(int64_t index, int64_t scale) {
  constexpr int64_t kExponentMax = 5'000;  // beyond what a double can be
  if (scale <= 0) {
    const int64_t exponent = std::clamp(index, -kExponentMax, kExponentMax) *
                             (int64_t{1} << std::min<int64_t>(-scale, 12));
    return std::ldexp(1, static_cast<int>(std::clamp(exponent, -kExponentMax, kExponentMax)));
  }
  return std::exp(static_cast<double>(index) *
                  std::ldexp(std::numbers::ln2, -static_cast<int>(scale)));
}

double zero_threshold_of(otlp::MessageBytes point) {
  constexpr uint32_t kZeroThreshold = 14;
  double threshold = 0;
  wire::FieldReader fields(point);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(kZeroThreshold, wire::WireType::kI64)) threshold = field.as_double();
  }
  return threshold;
}

// --- Percentiles.

using Percentile = Evaluated<std::optional<double>>;

Percentile interpolate(double lower, double upper, double ratio) {
  if (!(ratio >= 0 && ratio <= 1)) return error("the counts of the buckets do not fit together");
  return lower + ratio * (upper - lower);
}

Percentile interpolate_logarithms(double lower, double upper, double ratio) {
  if (!(lower > 0 && upper > 0)) return error("the bounds of a bucket are out of range");
  const auto exponent = interpolate(std::log2(lower), std::log2(upper), ratio);
  if (!exponent) return exponent;
  return std::exp2(**exponent);
}

double ratio_of(uint64_t wanted, uint64_t before, uint64_t count) {
  return static_cast<double>(wanted - before) / static_cast<double>(count);
}

struct Limits {
  std::optional<double> min;
  std::optional<double> max;
};

Limits limits_of(const Record& point, Scratch& scratch) {
  Limits limits;
  if (has_field(point, Field::kMin)) limits.min = point.read(Field::kMin, scratch).real;
  if (has_field(point, Field::kMax)) limits.max = point.read(Field::kMax, scratch).real;
  return limits;
}

Percentile in_explicit_bucket(size_t i, const std::vector<Value>& bounds, const Limits& limits,
                              double ratio) {
  if (i == 0) {
    const double upper = bounds[0].real;
    const bool has_lower = limits.min && *limits.min < upper;
    if (!has_lower && upper < 0) return upper;
    return interpolate(has_lower ? *limits.min : 0, upper, ratio);
  }
  const double lower = bounds[i - 1].real;
  if (i < bounds.size()) return interpolate(lower, bounds[i].real, ratio);
  if (!limits.max || *limits.max <= lower) return lower;
  return interpolate(lower, *limits.max, ratio);
}

Percentile explicit_percentile(const Record& point, uint64_t wanted, Scratch& scratch) {
  const auto counts = point.read(Field::kBucketCounts, scratch).list->elements;
  const auto bounds = point.read(Field::kExplicitBounds, scratch).list->elements;
  if (counts.empty()) return std::nullopt;
  if (counts.size() != bounds.size() + 1) return error("there must be one more count than bounds");
  const Limits limits = limits_of(point, scratch);
  if (bounds.empty()) {
    if (!limits.min || !limits.max) return std::nullopt;
    return interpolate(*limits.min, *limits.max, ratio_of(wanted, 0, as_count(counts[0])));
  }
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); i++) {
    const uint64_t before = total;
    total += as_count(counts[i]);
    if (total < wanted) continue;
    return in_explicit_bucket(i, bounds, limits, ratio_of(wanted, before, as_count(counts[i])));
  }
  return error("the counts of the buckets are less than the count of the point");
}

Percentile exponential_percentile(const Record& point, uint64_t wanted, Scratch& scratch) {
  const auto read_counts = [&](Field field) { return point.read(field, scratch).list->elements; };
  const auto negative = read_counts(Field::kNegativeBucketCounts);
  const auto positive = read_counts(Field::kPositiveBucketCounts);
  const uint64_t zeros = as_count(point.read(Field::kZeroCount, scratch));
  if (negative.empty() && positive.empty() && zeros == 0) return std::nullopt;
  const int64_t scale = point.read(Field::kScale, scratch).number;
  uint64_t total = 0;
  const int64_t negative_offset = point.read(Field::kNegativeOffset, scratch).number;
  for (size_t i = negative.size(); i-- > 0;) {
    const uint64_t before = total;
    total += as_count(negative[i]);
    if (total < wanted) continue;
    const int64_t index = negative_offset + static_cast<int64_t>(i);
    auto size = interpolate_logarithms(bucket_bound(index, scale), bucket_bound(index + 1, scale),
                                       1 - ratio_of(wanted, before, as_count(negative[i])));
    if (size) *size = -**size;
    return size;
  }
  if (total + zeros >= wanted) {
    const double threshold = zero_threshold_of(point.bytes());
    const double lower = negative.empty() && !positive.empty() ? 0 : -threshold;
    const double upper = positive.empty() && !negative.empty() ? 0 : threshold;
    return interpolate(lower, upper, ratio_of(wanted, total, zeros));
  }
  total += zeros;
  const int64_t positive_offset = point.read(Field::kPositiveOffset, scratch).number;
  for (size_t i = 0; i < positive.size(); i++) {
    const uint64_t before = total;
    total += as_count(positive[i]);
    if (total < wanted) continue;
    const int64_t index = positive_offset + static_cast<int64_t>(i);
    return interpolate_logarithms(bucket_bound(index, scale), bucket_bound(index + 1, scale),
                                  ratio_of(wanted, before, as_count(positive[i])));
  }
  return error("the counts of the buckets are less than the count of the point");
}

}  // namespace

Evaluated<Record> to_explicit_histogram(const Record& point, std::string_view distribution,
                                        std::span<const double> bounds, Random* random,
                                        Scratch& scratch) {
  Distribution distributed(bounds, random);
  distributed.add_zeros(as_count(point.read(Field::kZeroCount, scratch)));
  const int64_t scale = point.read(Field::kScale, scratch).number;
  const double factor = std::ldexp(std::numbers::ln2, -static_cast<int>(scale));
  int64_t index = point.read(Field::kPositiveOffset, scratch).number;
  for (const Value& count : point.read(Field::kPositiveBucketCounts, scratch).list->elements) {
    distributed.add({as_count(count), std::exp(static_cast<double>(index) * factor),
                     std::exp(static_cast<double>(index + 1) * factor)},
                    distribution);
    index++;
  }
  Record converted = point_record({}, otlp::MetricType::kHistogram);
  for (const Field field : {Field::kAttributes, Field::kStartTimeUnixNano, Field::kTimeUnixNano,
                            Field::kCount, Field::kSum, Field::kExemplars}) {
    converted.write(field, point.read(field, scratch), scratch);
  }
  for (const Field field : {Field::kMin, Field::kMax}) {
    if (has_field(point, field)) converted.write(field, point.read(field, scratch), scratch);
  }
  List* const counts = scratch.make_list();
  for (const uint64_t count : distributed.counts()) {
    counts->elements.push_back(Value::of_int(static_cast<int64_t>(count)));
  }
  if (!scratch.charge(4 * bounds.size() * sizeof(Value)))
    return error("the histogram is too large");
  converted.write(Field::kExplicitBounds, make_list(bounds, scratch), scratch);
  converted.write(Field::kBucketCounts, Value::of_list(counts), scratch);
  return converted;
}

Evaluated<std::optional<double>> percentile_of(const Record& point, double percentile,
                                               Scratch& scratch) {
  const uint64_t count = as_count(point.read(Field::kCount, scratch));
  if (count == 0) return std::nullopt;
  const double share = std::ceil(static_cast<double>(count) * (percentile / 100));
  const auto wanted = static_cast<uint64_t>(std::min(share, 1.8e19));
  return point.type() == otlp::MetricType::kHistogram
             ? explicit_percentile(point, wanted, scratch)
             : exponential_percentile(point, wanted, scratch);
}

}  // namespace millrace::ottl
