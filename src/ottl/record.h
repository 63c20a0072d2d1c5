// One received message (a resource, scope, span, event, metric, data point or log record) and what
// statements changed of it. Fields are read from the bytes; nothing is decoded before it is read,
// and a change is kept beside the bytes until write() (record_writer.h).
//
// One thread. Values point into the bytes and the Scratch.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ottl/context.h"
#include "ottl/message_index.h"
#include "ottl/value.h"

namespace millrace::ottl {

struct FieldChange {
  Field field;
  Value value;
};

// How a field is encoded.
enum class Encoding : uint8_t {
  kNone,
  kString,
  kVarint32,  // uint32
  kEnum,      // int32
  kZigzag,
  kFixed32,
  kFixed64,
  kDouble,
  kBool,
  kId,
  kAttributes,
  kAny,
  kMessages,
  kPackedFixed64,
  kPackedDouble,
  kPackedVarint,
};
struct WireField {
  Field field;
  uint32_t number;
  Encoding encoding;
  uint32_t within = 0;  // the nested message that has the field; 0: the message itself
};

// The error where a Scratch has no room for what a statement makes. Nothing is changed then.
inline constexpr std::string_view kTooMuchData = "the statement makes too much data of one item";

class Record {
 public:
  Record() = default;
  // `around`: the ResourceX or ScopeX that holds the schema URL of a resource or scope.
  // `type`: of the metric, for data points and metrics. `index`: of an event in its span.
  Record(Context context, otlp::MessageBytes bytes, otlp::MessageBytes around = {},
         otlp::MetricType type = otlp::MetricType::kNone, int64_t index = 0)
      : context_(context),
        type_(type),
        received_type_(type),
        index_(index),
        bytes_(bytes),
        around_(around) {}

  // As a new record, which reuses the memory of this one.
  void reset(Context context, otlp::MessageBytes bytes, otlp::MessageBytes around = {},
             otlp::MetricType type = otlp::MetricType::kNone, int64_t index = 0);
  // An index of `bytes` for reads, until the next reset(). It must outlive the record and its
  // copies. Without one each read searches the bytes.
  void use_index(MessageIndex* index) {
    message_index_ = index;
    index->begin(bytes_);
  }

  Context context() const { return context_; }
  otlp::MetricType type() const { return type_; }
  // The caller gives a metric the data points of its new type. Forgets changes of its temporality.
  void change_type(otlp::MetricType type);
  otlp::MessageBytes bytes() const { return bytes_; }
  bool is_changed() const { return !changes_.empty(); }
  const std::vector<FieldChange>& changes() const { return changes_; }
  // Grows with each change.
  uint64_t revision() const { return revision_; }
  // Copies what was changed to `into`, so that the Scratch of the changes is not needed any more.
  void move_changes(Scratch& into);

  // The value of a path without keys; nil where the message cannot have it.
  Value read(Field field, Scratch& scratch) const;
  // An entry of a map, which is not read whole. False: there is none.
  bool read_entry(Field map, std::string_view key, Scratch& scratch, Value* value) const;
  // Returns the error, or nothing. `value` must not be changed afterwards (copy_value).
  std::optional<std::string> write(Field field, const Value& value, Scratch& scratch);
  // The value of a map or a body, to be changed in place. With to_edited_map, single entries of a
  // map are changed by edited_map.h. Null: kTooMuchData.
  using ToMap = Map*(const Value&, Scratch&);
  Value* change(Field field, Scratch& scratch, ToMap* to_map = to_own_map);

  // The messages that hold the fields of the nested message `number`: as received, or what the
  // whole of it was set to.
  Value nested(uint32_t number) const;

 private:
  // The field of a derived path is another one: `kind.string` is `kind`.
  Value read_derived(Field field, const Value& stored, Scratch& scratch) const;
  Value read_stored(Field field, Scratch& scratch) const;
  bool is_indexed() const;
  bool read_received_entry(const WireField& known, std::string_view key, Value* value) const;
  bool read_indexed(const WireField& known, Scratch& scratch, Value* value) const;
  const Value* find_whole_change(uint32_t number) const;
  Value read_field(const WireField& known, Scratch& scratch) const;
  Value read_whole(const WireField& known, Scratch& scratch) const;
  std::optional<std::string> write_derived(Field field, const Value& value, Scratch& scratch);
  const Value* find_change(Field field) const;
  bool has_change_within(uint32_t number) const;
  void set_change(Field field, const Value& value);

  Context context_ = Context::kResource;
  otlp::MetricType type_ = otlp::MetricType::kNone;
  otlp::MetricType received_type_ = otlp::MetricType::kNone;
  int64_t index_ = 0;
  otlp::MessageBytes bytes_;
  otlp::MessageBytes around_;
  MessageIndex* message_index_ = nullptr;
  std::vector<FieldChange> changes_;
  uint64_t revision_ = 0;
};

// The fields of a message by their names.
struct FieldTable {
  std::span<const WireField> fields;
  std::array<uint8_t, kFieldCount> positions{};  // behind the position in `fields`; 0: absent

  const WireField* find(Field field) const {
    const uint8_t position = positions[static_cast<size_t>(field)];
    return position == 0 ? nullptr : fields.data() + (position - 1);
  }
};
// By context. Data points, and the data of metrics, have others by the type of their metric.
extern const FieldTable kContextTables[kContextCount];
const WireField* find_field_by_type(Context context, otlp::MetricType type, Field field);

// Null: messages of this type do not have the field.
inline const WireField* find_wire_field(Context context, otlp::MetricType type, Field field) {
  if (context == Context::kDataPoint || context == Context::kMetric) {
    return find_field_by_type(context, type, field);
  }
  return kContextTables[static_cast<size_t>(context)].find(field);
}

}  // namespace millrace::ottl
