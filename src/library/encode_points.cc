// Metric points as protobuf bytes: the out-of-line part of MetricPointBuilder and the fields that
// are written last. opentelemetry/proto/metrics/v1/metrics.proto.
#include <algorithm>
#include <cstring>

#include "library/encode_values.h"
#include "wire/protobuf.h"

namespace millrace::v1 {
namespace {

using detail::Encoder;

// Writes 64-bit words as fixed64, in their memory representation.
template <class Word>
void write_packed(uint32_t number, const std::vector<Word>& words, Encoder& encoder) {
  static_assert(sizeof(Word) == 8);
  if (words.empty()) return;
  encoder.bytes_field(number, reinterpret_cast<const uint8_t*>(words.data()), 8 * words.size());
}

// ExponentialHistogramDataPoint.Buckets.
void write_buckets(uint32_t number, const ExponentialHistogram::Buckets& buckets,
                   Encoder& encoder) {
  if (buckets.offset == 0 && buckets.bucket_counts.empty()) return;
  const auto message = encoder.open(number);
  if (buckets.offset != 0) encoder.varint_field(1, wire::zigzag_encode(buckets.offset));
  if (!buckets.bucket_counts.empty()) {
    const auto counts = encoder.open(2);
    for (const uint64_t count : buckets.bucket_counts) {
      uint8_t* at = encoder.room(10);
      if (at == nullptr) return;
      encoder.end_at(detail::put_varint(at, count));
    }
    encoder.close(counts);
  }
  encoder.close(message);
}

void write_optional(uint32_t number, const std::optional<double>& value, Encoder& encoder) {
  if (value) encoder.double_field(number, *value);
}

bool ascends(const std::vector<double>& bounds) {
  return std::ranges::adjacent_find(bounds, [](double a, double b) { return !(a < b); }) ==
         bounds.end();
}

}  // namespace

void MetricPointBuilder::write(const Histogram& histogram) noexcept {
  kind_ = kHistogram;
  temporality_ = static_cast<uint8_t>(histogram.temporality);
  is_monotonic_ = false;
  const size_t bound_count = histogram.explicit_bounds.size();
  is_valid_ =
      ascends(histogram.explicit_bounds) && (histogram.bucket_counts.size() == bound_count + 1 ||
                                             (histogram.bucket_counts.empty() && bound_count == 0));
  encoder_.fixed64_field(4, histogram.count);
  write_optional(5, histogram.sum, encoder_);
  write_packed(6, histogram.bucket_counts, encoder_);
  write_packed(7, histogram.explicit_bounds, encoder_);
  write_optional(11, histogram.min, encoder_);
  write_optional(12, histogram.max, encoder_);
}

void MetricPointBuilder::write(const ExponentialHistogram& histogram) noexcept {
  kind_ = kExponentialHistogram;
  temporality_ = static_cast<uint8_t>(histogram.temporality);
  is_monotonic_ = false;
  encoder_.fixed64_field(4, histogram.count);
  write_optional(5, histogram.sum, encoder_);
  if (histogram.scale != 0) encoder_.varint_field(6, wire::zigzag_encode(histogram.scale));
  if (histogram.zero_count != 0) encoder_.fixed64_field(7, histogram.zero_count);
  write_buckets(8, histogram.positive, encoder_);
  write_buckets(9, histogram.negative, encoder_);
  write_optional(12, histogram.min, encoder_);
  write_optional(13, histogram.max, encoder_);
  if (histogram.zero_threshold != 0) encoder_.double_field(14, histogram.zero_threshold);
}

void MetricPointBuilder::write(const Summary& summary) noexcept {
  kind_ = kSummary;
  temporality_ = 0;
  is_monotonic_ = false;
  encoder_.fixed64_field(4, summary.count);
  encoder_.double_field(5, summary.sum);
  for (const Summary::Quantile& one : summary.quantiles) {
    const auto message = encoder_.open(6);
    encoder_.double_field(1, one.quantile);
    encoder_.double_field(2, one.value);
    encoder_.close(message);
  }
}

}  // namespace millrace::v1

namespace millrace::v1::detail {

const uint8_t* Access::finish(LogRecordBuilder& record) {
  uint8_t front[LogRecordBuilder::kFront];
  uint8_t* at = front;
  if (record.time_ != 0) {
    *at++ = 0x09;
    at = put_word(at, record.time_);
  }
  *at++ = 0x59;
  at = put_word(at, record.observed_time_ != 0 ? record.observed_time_ : now_unix_nano());
  if (record.severity_ != Severity::kUnspecified) {
    *at++ = 0x10;
    *at++ = static_cast<uint8_t>(record.severity_);
  }
  const auto size = static_cast<size_t>(at - front);
  uint8_t* const begin = record.encoder_.begin() + LogRecordBuilder::kFront - size;
  std::memcpy(begin, front, size);
  return begin;
}

const uint8_t* Access::finish(MetricPointBuilder& point, uint64_t collector_start_unix_nano) {
  Encoder& encoder = point.encoder_;
  if (encoder.remarks().failed) return encoder.begin();
  const uint64_t time = point.time_ != 0 ? point.time_ : now_unix_nano();
  uint64_t start = point.start_;
  const bool is_cumulative = point.temporality_ == static_cast<uint8_t>(Temporality::kCumulative);
  if (start == 0 && is_cumulative && collector_start_unix_nano <= time) {
    start = collector_start_unix_nano;
  }
  const size_t content_size = encoder.size() - point.content_at_;
  const size_t point_size = (start != 0 ? 18 : 9) + content_size;
  const size_t data_size = (point.temporality_ != 0 ? 2 : 0) + (point.is_monotonic_ ? 2 : 0) + 1 +
                           varint_size(point_size) + point_size;
  uint8_t front[MetricPointBuilder::kGap];
  uint8_t* at = front;
  *at++ = static_cast<uint8_t>(point.kind_.data_field << 3 | 2);
  at = put_varint(at, data_size);
  if (point.temporality_ != 0) {
    *at++ = 0x10;
    *at++ = point.temporality_;
  }
  if (point.is_monotonic_) {
    *at++ = 0x18;
    *at++ = 1;
  }
  *at++ = 0x0a;
  at = put_varint(at, point_size);
  if (start != 0) {
    *at++ = 0x11;
    at = put_word(at, start);
  }
  *at++ = 0x19;
  at = put_word(at, time);
  const auto front_size = static_cast<size_t>(at - front);
  // The head is moved first, because the front may overwrite its place.
  const size_t head_at = point.content_at_ - front_size - point.head_size_;
  std::memmove(encoder.begin() + head_at, encoder.begin() + point.head_at_, point.head_size_);
  std::memcpy(encoder.begin() + head_at + point.head_size_, front, front_size);
  point.head_at_ = head_at;
  return encoder.begin() + head_at;
}

void Access::add_exemplar(MetricPointBuilder& builder, const Exemplar& exemplar,
                          const library::EncodeLimits& limits, library::EncodeNotes& notes) {
  if (builder.kind_.exemplar_field == 0) return;
  Encoder& encoder = builder.encoder_;
  const auto message = encoder.open(builder.kind_.exemplar_field);
  library::encode_attributes(7, exemplar.filtered_attributes, limits, encoder, notes);
  builder.write_exemplar(exemplar.value, exemplar.trace_id, exemplar.span_id,
                         exemplar.time_unix_nano);
  encoder.close(message);
}

void Access::add_rest(MetricPointBuilder& builder, const MetricPoint& point,
                      const library::EncodeLimits& limits, library::EncodeNotes& notes) {
  builder.set_start(point.start_time_unix_nano);
  library::encode_attributes(builder.attribute_field(), point.attributes, limits, builder.encoder_,
                             notes);
  if (point.flags != 0) builder.set_flags(point.flags);
  for (const Exemplar& exemplar : point.exemplars) add_exemplar(builder, exemplar, limits, notes);
}

}  // namespace millrace::v1::detail
