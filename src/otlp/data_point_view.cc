// Reads the four kinds of data points into one view.

#include "otlp/views.h"

namespace millrace::otlp {

namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

double to_double(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Appends one element, or a packed run of elements.
void append_fixed64(const Field& field, std::vector<uint64_t>* into) {
  if (field.type == WireType::kI64) into->push_back(field.value);
  for (size_t at = 0; at + 8 <= field.bytes.size(); at += 8) {
    into->push_back(wire::load_fixed64(field.bytes.data() + at));
  }
}

BucketsView read_buckets(MessageBytes message, BucketsView view) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(1, WireType::kVarint)) {
      view.offset = static_cast<int32_t>(wire::zigzag_decode(field.value & UINT32_MAX));
    } else if (field.is(2, WireType::kVarint)) {
      view.bucket_counts.push_back(field.value);
    } else if (field.is(2, WireType::kLen)) {
      const uint8_t* at = field.bytes.data();
      const uint8_t* const end = at + field.bytes.size();
      uint64_t count = 0;
      while (at != nullptr && at < end) {
        at = wire::read_varint(at, end, &count);
        if (at != nullptr) view.bucket_counts.push_back(count);
      }
    }
  }
  return view;
}

void read_number_field(const Field& field, DataPointView* view) {
  if (field.type != WireType::kI64) return;
  if (field.number == 4) {
    view->as_double = field.as_double();
    view->as_int.reset();
  } else if (field.number == 6) {
    view->as_int = static_cast<int64_t>(field.value);
    view->as_double.reset();
  }
}

void read_histogram_field(const Field& field, DataPointView* view) {
  if (field.number == 6) append_fixed64(field, &view->bucket_counts);
  if (field.number == 7) {
    std::vector<uint64_t> bounds;
    append_fixed64(field, &bounds);
    for (const uint64_t bits : bounds) view->explicit_bounds.push_back(to_double(bits));
  }
  if (field.is(11, WireType::kI64)) view->min = field.as_double();
  if (field.is(12, WireType::kI64)) view->max = field.as_double();
}

void read_exponential_field(const Field& field, DataPointView* view) {
  if (field.is(6, WireType::kVarint)) {
    view->scale = static_cast<int32_t>(wire::zigzag_decode(field.value & UINT32_MAX));
  }
  if (field.is(8, WireType::kLen)) view->positive = read_buckets(field.bytes, view->positive);
  if (field.is(9, WireType::kLen)) view->negative = read_buckets(field.bytes, view->negative);
  if (field.type != WireType::kI64) return;
  if (field.number == 7) view->zero_count = field.value;
  if (field.number == 12) view->min = field.as_double();
  if (field.number == 13) view->max = field.as_double();
  if (field.number == 14) view->zero_threshold = field.as_double();
}

void read_summary_field(const Field& field, DataPointView* view) {
  if (!field.is(6, WireType::kLen)) return;
  std::pair<double, double> quantile{0, 0};
  FieldReader reader(field.bytes);
  for (Field inner; reader.next(&inner);) {
    if (inner.is(1, WireType::kI64)) quantile.first = inner.as_double();
    if (inner.is(2, WireType::kI64)) quantile.second = inner.as_double();
  }
  view->quantile_values.push_back(quantile);
}

}  // namespace

DataPointView DataPointView::read(MetricType type, MessageBytes point) {
  DataPointView view;
  view.bytes = point;
  const bool is_number = type == MetricType::kGauge || type == MetricType::kSum;
  const bool is_exponential = type == MetricType::kExponentialHistogram;
  const uint32_t flags_field = is_exponential || type == MetricType::kHistogram ? 10 : 8;
  FieldReader reader(point);
  for (Field field; reader.next(&field);) {
    if (field.is(2, WireType::kI64)) view.start_time_unix_nano = field.value;
    if (field.is(3, WireType::kI64)) view.time_unix_nano = field.value;
    if (field.is(flags_field, WireType::kVarint)) view.flags = static_cast<uint32_t>(field.value);
    if (is_number) {
      read_number_field(field, &view);
      continue;
    }
    if (field.is(4, WireType::kI64)) view.count = field.value;
    if (field.is(5, WireType::kI64)) view.sum = field.as_double();
    if (type == MetricType::kHistogram) read_histogram_field(field, &view);
    if (is_exponential) read_exponential_field(field, &view);
    if (type == MetricType::kSummary) read_summary_field(field, &view);
  }
  return view;
}

}  // namespace millrace::otlp
