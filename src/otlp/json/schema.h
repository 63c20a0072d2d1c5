// The messages of OTLP as tables: JSON name, number and kind of each field. Decoder and
// encoder are each one loop over them; a new field of the specification is one line in schema.cc.
//
// Names and numbers are those of opentelemetry-proto v1.11.0 (profiles: v1development of that
// release). Constant data, safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/signal.h"
#include "wire/protobuf.h"

namespace millrace::otlp::json {

// The form of a field in JSON and on the wire.
enum class Kind : uint8_t {
  kString,
  kBase64,    // bytes
  kHex16,     // 16 bytes or none: trace and profile ids
  kHex8,      // 8 bytes or none: span ids
  kBool,      // varint
  kInt32,     // varint
  kInt64,     // varint; a string in JSON, as all 64-bit integers
  kUint32,    // varint
  kUint64,    // varint
  kSint32,    // zigzag varint
  kFixed32,   //
  kFixed64,   //
  kSfixed64,  //
  kDouble,    //
  kEnum,      // varint; written as a number in JSON, names are read too
  kMessage,
};

enum class Presence : uint8_t {
  kImplicit,  // the default value means absent, and is not written
  kExplicit,  // `optional`, or a message: written whenever it is present
  kOneof,     // as kExplicit; at most one is present (no OTLP message has two oneofs)
  kRepeated,  // scalars packed
};

enum class MessageId : uint8_t {
  kTracesRequest,
  kMetricsRequest,
  kLogsRequest,
  kProfilesRequest,
  kTracesResponse,
  kMetricsResponse,
  kLogsResponse,
  kProfilesResponse,
  kTracesPartialSuccess,
  kMetricsPartialSuccess,
  kLogsPartialSuccess,
  kProfilesPartialSuccess,
  kStatus,  // google.rpc.Status, without details
  kResource,
  kEntityRef,
  kScope,
  kKeyValue,
  kAnyValue,
  kArrayValue,
  kKeyValueList,
  kResourceSpans,
  kScopeSpans,
  kSpan,
  kSpanEvent,
  kSpanLink,
  kSpanStatus,
  kResourceMetrics,
  kScopeMetrics,
  kMetric,
  kGauge,
  kSum,
  kHistogram,
  kExponentialHistogram,
  kSummary,
  kNumberDataPoint,
  kHistogramDataPoint,
  kExponentialHistogramDataPoint,
  kBuckets,
  kSummaryDataPoint,
  kQuantile,
  kExemplar,
  kResourceLogs,
  kScopeLogs,
  kLogRecord,
  kResourceProfiles,
  kScopeProfiles,
  kProfile,
  kProfilesDictionary,
  kProfileMapping,
  kProfileLocation,
  kProfileLine,
  kProfileFunction,
  kProfileLink,
  kProfileStack,
  kProfileSample,
  kProfileValueType,
  kKeyValueAndUnit,
};
inline constexpr size_t kMessageCount = static_cast<size_t>(MessageId::kKeyValueAndUnit) + 1;

enum class EnumId : uint8_t {
  kSpanKind,
  kStatusCode,
  kAggregationTemporality,
  kSeverityNumber,
};

struct Field {
  std::string_view name;  // lowerCamelCase
  uint8_t number = 0;     // OTLP has no number above 31
  Kind kind = Kind::kString;
  Presence presence = Presence::kImplicit;
  MessageId message = MessageId::kTracesRequest;  // for kMessage
  EnumId enumeration = EnumId::kSpanKind;         // for kEnum
};

// The maximum of fields in a message, so that a set of fields is a 32-bit mask.
inline constexpr size_t kFieldsMax = 32;
inline constexpr size_t kNoField = 255;

struct Message {
  std::string_view name;
  std::span<const Field> fields;
  // A perfect hash of the names: slot -> index of the field, or kNoField.
  uint32_t multiplier = 0;
  std::array<uint8_t, 64> slots{};
  std::array<uint8_t, 32> by_number{};  // field number -> index

  static constexpr uint32_t mix(std::string_view name) {
    const auto at = [name](size_t i) {
      return static_cast<uint32_t>(static_cast<uint8_t>(name[i]));
    };
    const size_t size = name.size();
    const uint32_t four =
        static_cast<uint32_t>(size) | at(0) << 8 | at(size / 2) << 16 | at(size - 1) << 24;
    return four ^ at(size < 2 ? 0 : size - 2) * 0x0100'0193;
  }
  // Finds a field by its exact lowerCamelCase name; null when there is none.
  const Field* find(std::string_view key) const {
    if (key.empty()) return nullptr;
    const uint8_t index = slots[(mix(key) * multiplier) >> 26];
    return index != kNoField && fields[index].name == key ? &fields[index] : nullptr;
  }
  const Field* find(uint32_t number) const {
    if (number >= by_number.size() || by_number[number] == kNoField) return nullptr;
    return &fields[by_number[number]];
  }
  size_t index_of(const Field* field) const { return static_cast<size_t>(field - fields.data()); }
};

// The wire type of an unpacked value of that kind.
constexpr wire::WireType wire_type_of(Kind kind) {
  switch (kind) {
    case Kind::kString:
    case Kind::kBase64:
    case Kind::kHex16:
    case Kind::kHex8:
    case Kind::kMessage:
      return wire::WireType::kLen;
    case Kind::kFixed64:
    case Kind::kSfixed64:
    case Kind::kDouble:
      return wire::WireType::kI64;
    case Kind::kFixed32:
      return wire::WireType::kI32;
    default:
      return wire::WireType::kVarint;
  }
}
constexpr bool is_packable(Kind kind) { return wire_type_of(kind) != wire::WireType::kLen; }
// Whether a field with that wire type can be `known`: repeated scalars may be packed or unpacked.
constexpr bool fits(const Field& known, wire::WireType type) {
  return type == wire_type_of(known.kind) ||
         (type == wire::WireType::kLen && known.presence == Presence::kRepeated &&
          is_packable(known.kind));
}

const Message& message(MessageId id);
// The ids of Export<Signal>ServiceRequest and Export<Signal>ServiceResponse.
MessageId request_message(Signal signal);
MessageId response_message(Signal signal);
// Stores the value of an enum's name ("SPAN_KIND_SERVER"); false when there is no such name.
bool find_enum_value(EnumId id, std::string_view name, int32_t* value);

}  // namespace millrace::otlp::json
