// Reads admitted requests without decoding them. Each view holds a few fields, found in one pass
// over one message, and points into it. For exporters that print and processors that decide.
//
// As in libprotobuf, the last scalar wins, the last member of a oneof wins, fields may be in any
// order, and several parts of a singular message are merged (`resource`, `scope`, `status`,
// Metric.data, array_value, kvlist_value; the first three and Metric.data are then copied
// together). Not merged: KeyValue.value and LogRecord.body in several parts, of which the last one
// is used. Integers of 32 bits are truncated to their size.
//
// Precondition of all: the bytes passed admission. Views are valid as long as the bytes behind
// them; ResourceView, ScopeView and MetricView own theirs. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/signal.h"
#include "otlp/rope_reader.h"
#include "wire/protobuf.h"

namespace millrace::otlp {

using MessageBytes = std::span<const uint8_t>;

// For readers on an event loop: a message of megabytes may hold millions of fields.
inline constexpr size_t kFieldUnits = 10;  // of a Pace, for one field that is looked at
struct ReadBounds {
  Pace* pace = nullptr;  // told of each field; null: no other work waits
  // Of one singular message that came in several parts; of more, the last part is taken alone.
  size_t merged_bytes_max = std::numeric_limits<size_t>::max();
};

// The contents of one length-delimited field, one after another: attributes, spans, events, …
class MessageReader {
 public:
  MessageReader(MessageBytes message, uint32_t field_number, Pace* pace = nullptr)
      : fields_(message), field_number_(field_number), pace_(pace) {}
  bool next(MessageBytes* content) {
    wire::Field field;
    while (fields_.next(&field)) {
      if (pace_ != nullptr) pace_->step(kFieldUnits);
      if (!field.is(field_number_, wire::WireType::kLen)) continue;
      *content = field.bytes;
      return true;
    }
    return false;
  }

 private:
  wire::FieldReader fields_;
  uint32_t field_number_;
  Pace* pace_;
};

struct AnyValueView {
  enum class Type : uint8_t { kEmpty, kString, kBool, kInt, kDouble, kArray, kKvlist, kBytes };
  Type type = Type::kEmpty;
  std::string_view text;  // kString, kBytes
  int64_t int_value = 0;  // kInt; kBool: 0 or 1
  double double_value = 0;
  MessageBytes members;  // kArray, kKvlist: see ElementReader

  static AnyValueView read(MessageBytes any_value, Pace* pace = nullptr);
};

// The contents of the AnyValues of an array, or of the KeyValues of a kvlist.
class ElementReader {
 public:
  explicit ElementReader(const AnyValueView& value);
  bool next(MessageBytes* element);

 private:
  MessageReader lists_;     // array_value may come in several parts
  MessageReader elements_;  // of the current part
};

struct KeyValueView {
  std::string_view key;
  MessageBytes value;  // content of the AnyValue; empty when absent
  bool is_split =
      false;  // the value came in several parts, which a reader joins; `value` is the last
  static KeyValueView read(MessageBytes key_value, Pace* pace = nullptr);
};

// Finds the first attribute with that key; the attributes are field `field_number` of `message`.
std::optional<AnyValueView> find_attribute(MessageBytes message, uint32_t field_number,
                                           std::string_view key, Pace* pace = nullptr);

// Prints a value as otelcol does: text unchanged, numbers, JSON for lists, base64 for bytes.
std::string to_text(const AnyValueView& value);

inline constexpr uint32_t kResourceAttributes = 1;  // Resource.attributes
inline constexpr uint32_t kScopeAttributes = 3;     // InstrumentationScope.attributes
inline constexpr uint32_t kSpanAttributes = 9;
inline constexpr uint32_t kSpanEvents = 11;
inline constexpr uint32_t kSpanLinks = 13;
inline constexpr uint32_t kEventAttributes = 3;
inline constexpr uint32_t kLinkAttributes = 4;
inline constexpr uint32_t kLogRecordAttributes = 6;
inline constexpr uint32_t kMetricMetadata = 12;

// The content of a singular message field: several parts are merged; empty when absent.
Bytes merged_message(const Bytes& message, uint32_t field_number, const ReadBounds& bounds = {});

struct ResourceView {
  Bytes bytes;     // the whole ResourceX
  Bytes resource;  // content of Resource
  std::string_view schema_url;
  static ResourceView read(Bytes resource_x, const ReadBounds& bounds = {});
};

// The ResourceX messages of a request. A message in several pieces is copied together.
class ResourceReader {
 public:
  explicit ResourceReader(const Rope& request) : reader_(request) {}
  bool next(ResourceView* view);

 private:
  RopeReader reader_;
};

struct ScopeView {
  Bytes bytes;  // the whole ScopeX; its items: MessageReader(bytes.view(), kScopeItems)
  Bytes scope;  // content of InstrumentationScope
  std::string_view name;
  std::string_view version;
  std::string_view schema_url;
  static ScopeView read(Bytes scope_x, const ReadBounds& bounds = {});
};
inline constexpr uint32_t kResourceScopes = 2;  // ResourceX.scope_x
inline constexpr uint32_t kScopeItems = 2;      // spans, metrics, log_records, profiles

class ScopeReader {
 public:
  explicit ScopeReader(const ResourceView& resource, const ReadBounds& bounds = {})
      : bytes_(resource.bytes),
        bounds_(bounds),
        scopes_(bytes_.view(), kResourceScopes, bounds.pace) {}
  bool next(ScopeView* view);

 private:
  Bytes bytes_;
  const ReadBounds bounds_;
  MessageReader scopes_;
};

struct SpanView {
  MessageBytes bytes;
  MessageBytes trace_id;
  MessageBytes span_id;
  MessageBytes parent_span_id;
  std::string_view trace_state;
  std::string_view name;
  int32_t kind = 0;
  uint64_t start_time_unix_nano = 0;
  uint64_t end_time_unix_nano = 0;
  uint32_t dropped_attributes_count = 0;
  uint32_t dropped_events_count = 0;
  uint32_t dropped_links_count = 0;
  uint32_t flags = 0;
  int32_t status_code = 0;
  std::string_view status_message;
  static SpanView read(MessageBytes span, Pace* pace = nullptr);
};

struct EventView {
  MessageBytes bytes;
  uint64_t time_unix_nano = 0;
  std::string_view name;
  uint32_t dropped_attributes_count = 0;
  static EventView read(MessageBytes event, Pace* pace = nullptr);
};

struct LinkView {
  MessageBytes bytes;
  MessageBytes trace_id;
  MessageBytes span_id;
  std::string_view trace_state;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  static LinkView read(MessageBytes link, Pace* pace = nullptr);
};

struct LogRecordView {
  MessageBytes bytes;
  uint64_t time_unix_nano = 0;
  uint64_t observed_time_unix_nano = 0;
  int32_t severity_number = 0;
  std::string_view severity_text;
  AnyValueView body;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
  MessageBytes trace_id;
  MessageBytes span_id;
  std::string_view event_name;
  static LogRecordView read(MessageBytes log_record, Pace* pace = nullptr);
};

// Field numbers of Metric.data.
enum class MetricType : uint8_t {
  kNone = 0,
  kGauge = 5,
  kSum = 7,
  kHistogram = 9,
  kExponentialHistogram = 10,
  kSummary = 11,
};
// The field number of the attributes in data points of that type.
constexpr uint32_t point_attributes(MetricType type) {
  return type == MetricType::kHistogram ? 9 : type == MetricType::kExponentialHistogram ? 1 : 7;
}
inline constexpr uint32_t kDataPoints = 1;  // Gauge.data_points, …

struct MetricView {
  Bytes bytes;
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  MetricType type = MetricType::kNone;
  Bytes data;  // content of the Gauge, Sum, …: MessageReader(data.view(), kDataPoints)
  int32_t aggregation_temporality = 0;
  bool is_monotonic = false;
  static MetricView read(Bytes metric, const ReadBounds& bounds = {});
};

struct BucketsView {
  int32_t offset = 0;
  std::vector<uint64_t> bucket_counts;
};

// A data point of any type; fields that it does not have keep their default. Allocates for buckets.
struct DataPointView {
  MessageBytes bytes;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint32_t flags = 0;
  std::optional<double> as_double;  // gauge, sum: as_double, as_int or neither
  std::optional<int64_t> as_int;
  uint64_t count = 0;
  std::optional<double> sum;
  std::optional<double> min;
  std::optional<double> max;
  std::vector<uint64_t> bucket_counts;  // histogram
  std::vector<double> explicit_bounds;
  int32_t scale = 0;  // exponential histogram
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  BucketsView positive;
  BucketsView negative;
  std::vector<std::pair<double, double>> quantile_values;  // summary: quantile, value
  static DataPointView read(MetricType type, MessageBytes point);
};

}  // namespace millrace::otlp
