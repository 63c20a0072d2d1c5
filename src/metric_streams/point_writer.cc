#include "metric_streams/point_writer.h"

#include <bit>
#include <utility>

namespace millrace::metric_streams {
namespace {

using otlp::MetricType;

// Field numbers of NumberDataPoint, HistogramDataPoint and ExponentialHistogramDataPoint.
constexpr uint32_t kStart = 2;
constexpr uint32_t kAsDouble = 4;
constexpr uint32_t kAsInt = 6;
constexpr uint32_t kCount = 4;
constexpr uint32_t kSum = 5;
constexpr uint32_t kBucketCounts = 6;
constexpr uint32_t kBounds = 7;
constexpr uint32_t kMin = 11;
constexpr uint32_t kMax = 12;
constexpr uint32_t kScale = 6;
constexpr uint32_t kZeroCount = 7;
constexpr uint32_t kPositive = 8;
constexpr uint32_t kNegative = 9;
constexpr uint32_t kExponentialMin = 12;
constexpr uint32_t kExponentialMax = 13;
constexpr uint32_t kZeroThreshold = 14;

constexpr uint32_t bit(uint32_t number) { return uint32_t{1} << number; }

uint32_t fields_of(const NumberValues&) { return bit(kStart) | bit(kAsDouble) | bit(kAsInt); }
uint32_t fields_of(const HistogramValues&) {
  return bit(kStart) | bit(kCount) | bit(kSum) | bit(kBucketCounts) | bit(kBounds) | bit(kMin) |
         bit(kMax);
}
uint32_t fields_of(const ExponentialValues&) {
  return bit(kStart) | bit(kCount) | bit(kSum) | bit(kScale) | bit(kZeroCount) | bit(kPositive) |
         bit(kNegative) | bit(kExponentialMin) | bit(kExponentialMax) | bit(kZeroThreshold);
}

void write(uint32_t number, const std::optional<double>& value, wire::Writer& into) {
  if (value) into.double_field(number, *value);
}

void write_fields(const NumberValues& values, wire::Writer& into) {
  if (const int64_t* const number = std::get_if<int64_t>(&values.value)) {
    into.fixed64_field(kAsInt, static_cast<uint64_t>(*number));
  } else {
    into.double_field(kAsDouble, std::get<double>(values.value));
  }
}

void write_fields(const HistogramValues& values, wire::Writer& into) {
  if (values.count != 0) into.fixed64_field(kCount, values.count);
  write(kSum, values.sum, into);
  if (!values.counts.empty()) {
    const auto counts = into.open(kBucketCounts, 8 * values.counts.size());
    for (const uint64_t count : values.counts) into.raw_fixed64(count);
    into.close(counts);
  }
  if (!values.bounds.empty()) {
    const auto bounds = into.open(kBounds, 8 * values.bounds.size());
    for (const double bound : values.bounds) into.raw_fixed64(std::bit_cast<uint64_t>(bound));
    into.close(bounds);
  }
  write(kMin, values.min, into);
  write(kMax, values.max, into);
}

void write_buckets(uint32_t number, const ExponentialBuckets& buckets, wire::Writer& into) {
  if (buckets.counts.empty() && buckets.offset == 0) return;
  const auto message = into.open(number, 2 * buckets.counts.size() + 8);
  if (buckets.offset != 0) into.sint_field(1, buckets.offset);
  if (!buckets.counts.empty()) {
    const auto counts = into.open(2, 2 * buckets.counts.size());
    for (const uint64_t count : buckets.counts) into.raw_varint(count);
    into.close(counts);
  }
  into.close(message);
}

void write_fields(const ExponentialValues& values, wire::Writer& into) {
  if (values.count != 0) into.fixed64_field(kCount, values.count);
  write(kSum, values.sum, into);
  if (values.scale != 0) into.sint_field(kScale, values.scale);
  if (values.zero_count != 0) into.fixed64_field(kZeroCount, values.zero_count);
  write_buckets(kPositive, values.positive, into);
  write_buckets(kNegative, values.negative, into);
  write(kExponentialMin, values.min, into);
  write(kExponentialMax, values.max, into);
  if (values.zero_threshold != 0) into.double_field(kZeroThreshold, values.zero_threshold);
}

ExponentialBuckets buckets_of(const otlp::BucketsView& view) {
  return {.offset = view.offset, .counts = view.bucket_counts};
}

}  // namespace

PointValues values_of(MetricType type, const otlp::DataPointView& point) {
  if (type == MetricType::kHistogram) {
    return HistogramValues{.count = point.count,
                           .sum = point.sum,
                           .min = point.min,
                           .max = point.max,
                           .bounds = point.explicit_bounds,
                           .counts = point.bucket_counts};
  }
  if (type == MetricType::kExponentialHistogram) {
    return ExponentialValues{.count = point.count,
                             .sum = point.sum,
                             .min = point.min,
                             .max = point.max,
                             .scale = point.scale,
                             .zero_count = point.zero_count,
                             .zero_threshold = point.zero_threshold,
                             .positive = buckets_of(point.positive),
                             .negative = buckets_of(point.negative)};
  }
  if (point.as_double) return NumberValues{*point.as_double};
  return NumberValues{point.as_int.value_or(0)};
}

size_t bytes_of(const PointValues& values) {
  if (const auto* const histogram = std::get_if<HistogramValues>(&values)) {
    return 8 * (histogram->bounds.capacity() + histogram->counts.capacity());
  }
  if (const auto* const exponential = std::get_if<ExponentialValues>(&values)) {
    return 8 * (exponential->positive.counts.capacity() + exponential->negative.counts.capacity());
  }
  return 0;
}

void write_values(const PointValues& values, wire::Writer& into) {
  std::visit([&](const auto& of_type) { write_fields(of_type, into); }, values);
}

void write_point(otlp::MessageBytes received, uint64_t start_time_unix_nano,
                 const PointValues& values, wire::Writer& into) {
  const uint32_t replaced =
      std::visit([](const auto& of_type) { return fields_of(of_type); }, values);
  wire::FieldReader fields(received);
  for (wire::Field field; fields.next(&field);) {
    if (field.number >= 32 || (bit(field.number) & replaced) == 0) into.raw(field.whole);
  }
  if (start_time_unix_nano != 0) into.fixed64_field(kStart, start_time_unix_nano);
  write_values(values, into);
}

}  // namespace millrace::metric_streams
