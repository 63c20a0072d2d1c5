// One received message (a resource, scope, span, event, metric, data point or log record) and what
// statements changed of it. Fields are read from the bytes; nothing is decoded before it is read,
// and a change is kept beside the bytes until write() (record_writer.h).
//
// One thread. Values point into the bytes and the Scratch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ottl/context.h"
#include "ottl/value.h"

namespace millrace::ottl {

struct FieldChange {
  Field field;
  Value value;
};

class Record {
 public:
  Record() = default;
  // `around`: the ResourceX or ScopeX that holds the schema URL of a resource or scope.
  // `type`: of the metric, for data points and metrics. `index`: of an event in its span.
  Record(Context context, otlp::MessageBytes bytes, otlp::MessageBytes around = {},
         otlp::MetricType type = otlp::MetricType::kNone, int64_t index = 0)
      : context_(context), type_(type), index_(index), bytes_(bytes), around_(around) {}

  Context context() const { return context_; }
  otlp::MetricType type() const { return type_; }
  otlp::MessageBytes bytes() const { return bytes_; }
  bool is_changed() const { return !changes_.empty(); }
  const std::vector<FieldChange>& changes() const { return changes_; }

  // The value of a path without keys; nil where the message cannot have it.
  Value read(Field field, Scratch& scratch) const;
  // Returns the error, or nothing. `value` must not be changed afterwards (copy_value).
  std::optional<std::string> write(Field field, const Value& value, Scratch& scratch);
  // The value of a map, a list or a body, to be changed in place.
  Value* change(Field field, Scratch& scratch);

  // The number of the message's field; 0: the message has none for it.
  uint32_t field_number(Field field) const;

 private:
  Value read_received(Field field) const;
  Value read_status(Field field) const;
  Value* find_change(Field field);
  void set_change(Field field, const Value& value);

  Context context_ = Context::kResource;
  otlp::MetricType type_ = otlp::MetricType::kNone;
  int64_t index_ = 0;
  otlp::MessageBytes bytes_;
  otlp::MessageBytes around_;
  std::vector<FieldChange> changes_;
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
  kId,
  kAttributes,
  kAny,
  kMessages,
  kPackedFixed64,
  kPackedDouble,
};
struct WireField {
  Field field;
  uint32_t number;
  Encoding encoding;
};
const WireField* find_wire_field(Context context, otlp::MetricType type, Field field);

}  // namespace millrace::ottl
