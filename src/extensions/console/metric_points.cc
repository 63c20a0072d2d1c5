#include "extensions/console/metric_points.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "extensions/console/scan.h"
#include "wire/protobuf.h"

namespace millrace::extensions::console {
namespace {

using otlp::DataPointView;
using otlp::MetricType;

constexpr size_t kBucketsMax = 512;
constexpr size_t kExemplarsMax = 20;

uint32_t exemplars_field(MetricType type) {
  switch (type) {
    case MetricType::kHistogram:
      return 8;
    case MetricType::kExponentialHistogram:
      return 11;
    case MetricType::kGauge:
    case MetricType::kSum:
      return 5;
    case MetricType::kNone:
    case MetricType::kSummary:
      break;
  }
  return 0;
}

void write_exemplar(JsonWriter& json, otlp::MessageBytes bytes) {
  uint64_t time = 0;
  double value = std::numeric_limits<double>::quiet_NaN();
  otlp::MessageBytes span_id;
  otlp::MessageBytes trace_id;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(2, wire::WireType::kI64)) time = field.value;
    if (field.is(3, wire::WireType::kI64)) value = field.as_double();
    if (field.is(6, wire::WireType::kI64)) {
      value = static_cast<double>(static_cast<int64_t>(field.value));
    }
    if (field.is(4, wire::WireType::kLen)) span_id = field.bytes;
    if (field.is(5, wire::WireType::kLen)) trace_id = field.bytes;
  }
  json.open_object().nanoseconds("time_unix_nano", time).key("value").real(value);
  json.member("trace_id", hex(trace_id)).member("span_id", hex(span_id)).close_object();
}

void write_exemplars(JsonWriter& json, MetricType type, otlp::MessageBytes point) {
  json.key("exemplars").open_list();
  const uint32_t number = exemplars_field(type);
  otlp::MessageReader exemplars(point, number);
  otlp::MessageBytes bytes;
  for (size_t i = 0; number != 0 && i < kExemplarsMax && exemplars.next(&bytes); ++i) {
    write_exemplar(json, bytes);
  }
  json.close_list();
}

struct Buckets {
  std::vector<uint64_t> counts;
  std::vector<double> bounds;
};

// The bounds of an exponential histogram: base^(offset + i), where base = 2^(2^-scale). What is
// zero or negative lies in the first bucket.
Buckets explicit_buckets(const DataPointView& point) {
  Buckets buckets;
  const double step = std::exp2(-static_cast<double>(point.scale));
  const auto bound = [&](size_t i) {
    return std::exp2(step * (static_cast<double>(point.positive.offset) + static_cast<double>(i)));
  };
  uint64_t low = point.zero_count;
  for (const uint64_t count : point.negative.bucket_counts) low += count;
  buckets.counts.push_back(low);
  buckets.bounds.push_back(bound(0));
  const size_t count = std::min(point.positive.bucket_counts.size(), kBucketsMax);
  for (size_t i = 0; i < count; ++i) {
    buckets.counts.push_back(point.positive.bucket_counts[i]);
    buckets.bounds.push_back(bound(i + 1));
  }
  buckets.counts.push_back(0);
  return buckets;
}

}  // namespace

std::string_view metric_type_name(MetricType type) {
  switch (type) {
    case MetricType::kNone:
      return "none";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kSum:
      return "sum";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kExponentialHistogram:
      return "exponential_histogram";
    case MetricType::kSummary:
      return "summary";
  }
  return "none";
}

std::string_view temporality_name(int32_t temporality) {
  return temporality == 1 ? "delta" : temporality == 2 ? "cumulative" : "unspecified";
}

double spark_of(MetricType type, const DataPointView& point) {
  if (type != MetricType::kGauge && type != MetricType::kSum) {
    return static_cast<double>(point.count);
  }
  if (point.as_double) return *point.as_double;
  return point.as_int ? static_cast<double>(*point.as_int) : 0;
}

std::string series_key(MetricType type, otlp::MessageBytes point) {
  std::string key;
  otlp::MessageReader attributes(point, otlp::point_attributes(type));
  otlp::MessageBytes bytes;
  while (attributes.next(&bytes)) {
    key += as_text(bytes);
    key += '\0';
  }
  return key;
}

void write_point(JsonWriter& json, MetricType type, const DataPointView& point) {
  const bool is_number = type == MetricType::kGauge || type == MetricType::kSum;
  json.open_object().nanoseconds("time_unix_nano", point.time_unix_nano);
  json.nanoseconds("start_unix_nano", point.start_time_unix_nano).key("value");
  is_number ? json.real(spark_of(type, point)) : json.null();
  json.key("count");
  is_number ? json.null() : json.number(point.count);
  for (const auto& [name, value] :
       {std::pair{"sum", point.sum}, {"min", point.min}, {"max", point.max}}) {
    json.key(name);
    value ? json.real(*value) : json.null();
  }
  const Buckets buckets = type == MetricType::kExponentialHistogram
                              ? explicit_buckets(point)
                              : Buckets{point.bucket_counts, point.explicit_bounds};
  json.key("bucket_counts").open_list();
  for (size_t i = 0; i < buckets.counts.size() && i < kBucketsMax + 2; ++i) {
    json.number(buckets.counts[i]);
  }
  json.close_list().key("explicit_bounds").open_list();
  for (size_t i = 0; i < buckets.bounds.size() && i < kBucketsMax + 1; ++i) {
    json.real(std::isfinite(buckets.bounds[i]) ? buckets.bounds[i]
                                               : std::numeric_limits<double>::max());
  }
  json.close_list().key("quantiles").open_list();
  for (size_t i = 0; i < point.quantile_values.size() && i < kBucketsMax; ++i) {
    const double quantile = point.quantile_values[i].first;
    json.open_object().key("quantile").real(std::isfinite(quantile) ? quantile : 0);
    json.key("value").real(point.quantile_values[i].second).close_object();
  }
  json.close_list();
  write_exemplars(json, type, point.bytes);
  json.close_object();
}

}  // namespace millrace::extensions::console
