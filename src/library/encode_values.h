// Encodes the public values as protobuf bytes. Pure functions. Repairs, omissions and cuts are
// counted in the encoder's remarks and in `notes`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "millrace/detail/encoder.h"
#include "millrace/log_record.h"
#include "millrace/log_record_builder.h"
#include "millrace/metric_point.h"
#include "millrace/metric_point_builder.h"
#include "millrace/span.h"
#include "millrace/span_builder.h"

namespace millrace::library {

// The maximum nesting of arrays and maps; deeper values are skipped and counted (Remarks::skipped).
inline constexpr int kValueDepthMax = 16;
// Larger items are refused before they are copied; Config::item_bytes_max is usually smaller.
inline constexpr size_t kEncodedBytesMax = size_t{64} << 20;

struct EncodeLimits {
  uint32_t value_length_max = 0;  // bytes of a text in an attribute; 0: no limit
};

struct EncodeNotes {
  uint32_t corrected_times = 0;
  uint32_t truncated_values = 0;
};

void encode(const v1::Span& span, const EncodeLimits& limits, v1::detail::Encoder& encoder,
            EncodeNotes& notes);
void encode(const v1::LogRecord& record, const EncodeLimits& limits, v1::detail::Encoder& encoder,
            EncodeNotes& notes);
// Writes each attribute as a field `number`.
void encode_attributes(uint32_t number, const v1::Attributes& attributes,
                       const EncodeLimits& limits, v1::detail::Encoder& encoder,
                       EncodeNotes& notes);

}  // namespace millrace::library

namespace millrace::v1::detail {

// Gives the library access to the builders and to the bytes of texts and values.
struct Access {
  static const Slot& slot(const Text& text) { return text.slot_; }
  static const Slot& slot(const Value& value) { return value.slot_; }
  static Encoder& encoder(SpanBuilder& span) { return span.encoder_; }
  static Encoder& encoder(LogRecordBuilder& record) { return record.encoder_; }
  static Encoder& encoder(MetricPointBuilder& point) { return point.encoder_; }
  // Writes the fields that are known last. Returns the beginning of the message, which ends at
  // encoder().at(). May be called again.
  static const uint8_t* finish(SpanBuilder& span, library::EncodeNotes& notes);
  static const uint8_t* finish(LogRecordBuilder& record);
  // The start time of a cumulative point without one becomes the collector's start.
  static const uint8_t* finish(MetricPointBuilder& point, uint64_t collector_start_unix_nano);
  static uint32_t attribute_field(const MetricPointBuilder& point) {
    return point.attribute_field();
  }
  // Whether the point can be sent: a histogram's buckets fit its bounds.
  static bool is_valid(const MetricPointBuilder& point) { return point.is_valid_; }
  // Writes the fields of a MetricPoint beside its data: start, attributes, flags, exemplars.
  static void add_rest(MetricPointBuilder& builder, const MetricPoint& point,
                       const library::EncodeLimits& limits, library::EncodeNotes& notes);
  static void add_exemplar(MetricPointBuilder& builder, const Exemplar& exemplar,
                           const library::EncodeLimits& limits, library::EncodeNotes& notes);
};

}  // namespace millrace::v1::detail
