// Converts a metric point of C to the value of the C++ interface.
#include <cstddef>
#include <vector>

#include "c_interface/handles.h"
#include "c_interface/values.h"

namespace millrace::c_interface {
namespace {

bool read_number(const millrace_value& value, v1::Number& to) {
  if (value.type == MILLRACE_VALUE_INTEGER) {
    to = value.as.integer;
    return true;
  }
  if (value.type != MILLRACE_VALUE_DOUBLE) return false;
  to = value.as.number;
  return true;
}

bool read_temporality(millrace_temporality from, v1::Temporality& to) {
  to = static_cast<v1::Temporality>(from);
  return from == MILLRACE_TEMPORALITY_DELTA || from == MILLRACE_TEMPORALITY_CUMULATIVE;
}

// False: the count is not zero but the pointer is null.
template <class T>
bool read_array(const T* items, size_t count, std::vector<T>& to) {
  if (count != 0 && items == nullptr) return false;
  if (count != 0) to.assign(items, items + count);
  return true;
}

template <class Histogram>
void read_sums(const millrace_metric_point& from, Histogram& to) {
  to.count = from.count;
  if (from.has_sum != 0) to.sum = from.sum;
  if (from.has_min != 0) to.min = from.min;
  if (from.has_max != 0) to.max = from.max;
}

bool read_histogram(const millrace_metric_point& from, v1::Histogram& to) {
  read_sums(from, to);
  const bool buckets_fit =
      from.bucket_count == 0 ? from.bound_count == 0 : from.bucket_count == from.bound_count + 1;
  return buckets_fit && read_array(from.bucket_counts, from.bucket_count, to.bucket_counts) &&
         read_array(from.explicit_bounds, from.bound_count, to.explicit_bounds) &&
         read_temporality(from.temporality, to.temporality);
}

bool read_exponential(const millrace_metric_point& from, v1::ExponentialHistogram& to) {
  read_sums(from, to);
  to.scale = from.scale;
  to.zero_count = from.zero_count;
  to.zero_threshold = from.zero_threshold;
  const auto read_half = [](const millrace_exponential_buckets& half,
                            v1::ExponentialHistogram::Buckets& into) {
    into.offset = half.offset;
    return read_array(half.bucket_counts, half.bucket_count, into.bucket_counts);
  };
  return read_half(from.positive, to.positive) && read_half(from.negative, to.negative) &&
         read_temporality(from.temporality, to.temporality);
}

bool read_summary(const millrace_metric_point& from, v1::Summary& to) {
  to.count = from.count;
  to.sum = from.sum;
  if (from.quantile_count != 0 && from.quantiles == nullptr) return false;
  for (size_t i = 0; i < from.quantile_count; ++i) {
    to.quantiles.push_back({from.quantiles[i].quantile, from.quantiles[i].value});
  }
  return true;
}

}  // namespace

bool read_point_struct(const millrace_metric_point* from, millrace_metric_point& to) {
  // The fields of version 0.1 are required; later ones may be missing.
  return read_struct(from, offsetof(millrace_metric_point, scale), to);
}

bool read_data(const millrace_metric_point& from, decltype(v1::MetricPoint::data)& to) {
  switch (from.kind) {
    case MILLRACE_METRIC_GAUGE:
      return read_number(from.value, to.emplace<v1::Gauge>().value);
    case MILLRACE_METRIC_SUM: {
      v1::Sum& sum = to.emplace<v1::Sum>();
      sum.is_monotonic = from.is_monotonic != 0;
      return read_number(from.value, sum.value) &&
             read_temporality(from.temporality, sum.temporality);
    }
    case MILLRACE_METRIC_HISTOGRAM:
      return read_histogram(from, to.emplace<v1::Histogram>());
    case MILLRACE_METRIC_EXPONENTIAL_HISTOGRAM:
      return read_exponential(from, to.emplace<v1::ExponentialHistogram>());
    case MILLRACE_METRIC_SUMMARY:
      return read_summary(from, to.emplace<v1::Summary>());
  }
  return false;
}

bool read_exemplar(const millrace_exemplar& from, v1::Exemplar& to, Allowance& allowance) {
  to.time_unix_nano = from.time_unix_nano;
  to.trace_id = to_trace_id(from.trace_id);
  to.span_id = to_span_id(from.span_id);
  to.filtered_attributes =
      to_attributes(from.filtered_attributes, from.filtered_attribute_count, allowance);
  return read_number(from.value, to.value);
}

bool read_exemplars(const millrace_metric_point& from, std::vector<v1::Exemplar>& to,
                    Allowance& allowance) {
  if (from.exemplar_count != 0 && from.exemplars == nullptr) return false;
  for (size_t i = 0; i < from.exemplar_count && !allowance.is_exceeded(); ++i) {
    if (!read_exemplar(from.exemplars[i], to.emplace_back(), allowance)) return false;
  }
  return true;
}

bool read_metric_point(const millrace_metric_point* from, v1::MetricPoint& to,
                       Allowance& allowance) {
  millrace_metric_point point;
  if (!read_point_struct(from, point)) return false;
  to.name = as_text(point.name);
  to.description = as_text(point.description);
  to.unit = as_text(point.unit);
  to.start_time_unix_nano = point.start_time_unix_nano;
  to.time_unix_nano = point.time_unix_nano;
  to.attributes = to_attributes(point.attributes, point.attribute_count, allowance);
  to.flags = point.flags;
  return read_data(point, to.data) && read_exemplars(point, to.exemplars, allowance);
}

}  // namespace millrace::c_interface
