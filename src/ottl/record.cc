#include "ottl/record.h"

#include <algorithm>

#include "ottl/conversion.h"
#include "wire/protobuf.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

constexpr std::string_view kKindNames[] = {"Unspecified", "Internal", "Server",
                                           "Client",      "Producer", "Consumer"};
constexpr std::string_view kDeprecatedKindNames[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                     "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                     "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};

// The field that a derived path reads and writes: `kind.string` is `kind`.
Field stored_field(Field field) {
  switch (field) {
    case Field::kKindString:
    case Field::kKindDeprecatedString:
      return Field::kKind;
    case Field::kTraceIdString:
      return Field::kTraceId;
    case Field::kSpanIdString:
      return Field::kSpanId;
    case Field::kParentSpanIdString:
      return Field::kParentSpanId;
    case Field::kStartTime:
      return Field::kStartTimeUnixNano;
    case Field::kEndTime:
      return Field::kEndTimeUnixNano;
    case Field::kTime:
      return Field::kTimeUnixNano;
    case Field::kObservedTime:
      return Field::kObservedTimeUnixNano;
    case Field::kBodyString:
      return Field::kBody;
    default:
      return field;
  }
}

Value read_wire(const wire::Field& field, Encoding encoding, size_t id_size) {
  switch (encoding) {
    case Encoding::kString:
      return Value::of_string(field.text());
    case Encoding::kVarint32:
      return Value::of_int(static_cast<uint32_t>(field.value));
    case Encoding::kEnum:
      return Value::of_int(static_cast<int32_t>(field.value));
    case Encoding::kZigzag:
      return Value::of_int(static_cast<int32_t>(wire::zigzag_decode(field.value)));
    case Encoding::kFixed32:
    case Encoding::kFixed64:
      return Value::of_int(static_cast<int64_t>(field.value));
    case Encoding::kDouble:
      return Value::of_double(field.as_double());
    case Encoding::kId:
      return Value::of_text(id_size == 16 ? V::kTraceId : V::kSpanId, field.text());
    case Encoding::kAny:
      return Value::of_any(field.bytes);
    default:
      return {};
  }
}

// The value of a field that the message does not have.
Value default_value(Encoding encoding, size_t id_size) {
  static constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  switch (encoding) {
    case Encoding::kString:
      return Value::of_string("");
    case Encoding::kDouble:
      return Value::of_double(0);
    case Encoding::kId:
      return Value::of_text(id_size == 16 ? V::kTraceId : V::kSpanId, kZeros.substr(0, id_size));
    case Encoding::kVarint32:
    case Encoding::kEnum:
    case Encoding::kZigzag:
    case Encoding::kFixed32:
    case Encoding::kFixed64:
      return Value::of_int(0);
    default:
      return {};
  }
}

V type_of(Encoding encoding, size_t id_size) {
  switch (encoding) {
    case Encoding::kString:
      return V::kString;
    case Encoding::kDouble:
      return V::kDouble;
    case Encoding::kId:
      return id_size == 16 ? V::kTraceId : V::kSpanId;
    case Encoding::kAttributes:
      return V::kMap;
    case Encoding::kMessages:
      return V::kMessages;
    case Encoding::kPackedDouble:
    case Encoding::kPackedFixed64:
      return V::kList;
    default:
      return V::kInt;
  }
}

std::string wrong_type(V wanted, V found) {
  if (found == V::kNil) return "the path cannot be set to nil";
  return "expected " + std::string(type_name(wanted)) + ", found " + std::string(type_name(found));
}

}  // namespace

uint32_t Record::field_number(Field field) const {
  const WireField* const known = find_wire_field(context_, type_, field);
  return known == nullptr ? 0 : known->number;
}

Value* Record::find_change(Field field) {
  const auto found = std::ranges::find(changes_, field, &FieldChange::field);
  return found == changes_.end() ? nullptr : &found->value;
}

void Record::set_change(Field field, const Value& value) {
  if (Value* const before = find_change(field)) {
    *before = value;
  } else {
    changes_.push_back({field, value});
  }
}

Value Record::read(Field field, Scratch& scratch) const {
  const Field stored = stored_field(field);
  const auto changed = std::ranges::find(changes_, stored, &FieldChange::field);
  const Value value = changed != changes_.end() ? changed->value : read_received(stored);
  if (field == stored) return value;
  const auto kind = static_cast<size_t>(value.number);
  switch (field) {
    case Field::kKindString:
      return Value::of_string(kind < std::size(kKindNames) ? kKindNames[kind] : "");
    case Field::kKindDeprecatedString:
      return Value::of_string(kind < std::size(kKindNames) ? kDeprecatedKindNames[kind] : "");
    case Field::kTraceIdString:
    case Field::kSpanIdString:
    case Field::kParentSpanIdString:
      return Value::of_string(scratch.keep(to_hex(value.text)));
    case Field::kBodyString:
      return Value::of_string(scratch.keep(attribute_text(value)));
    default:
      return value.is_nil() ? value : Value::of_time(value.number);
  }
}

Value Record::read_received(Field field) const {
  if (field == Field::kEventIndex) return Value::of_int(index_);
  if (field == Field::kStatusCode || field == Field::kStatusMessage) return read_status(field);
  if (field == Field::kType) {
    static constexpr uint8_t kTypes[] = {0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 4, 5};
    return Value::of_int(kTypes[static_cast<size_t>(type_)]);
  }
  const WireField* const known = find_wire_field(context_, type_, field);
  if (known == nullptr) return {};
  const otlp::MessageBytes message = field == Field::kSchemaUrl ? around_ : bytes_;
  if (known->encoding == Encoding::kAttributes) return Value::of_attributes(message, known->number);
  if (known->encoding == Encoding::kMessages) {
    Value messages;
    messages.type = V::kMessages;
    messages.wire = message;
    messages.field_number = known->number;
    return messages;
  }
  const size_t id_size = field == Field::kTraceId ? 16 : 8;
  Value value = default_value(known->encoding, id_size);
  wire::FieldReader fields(message);
  for (wire::Field part; fields.next(&part);) {
    if (part.number != known->number) continue;
    if (known->encoding == Encoding::kId && part.bytes.empty()) continue;
    value = read_wire(part, known->encoding, id_size);
  }
  return value;
}

Value Record::read_status(Field field) const {
  Value value = field == Field::kStatusCode ? Value::of_int(0) : Value::of_string("");
  otlp::MessageReader parts(bytes_, 15);
  for (otlp::MessageBytes status; parts.next(&status);) {
    wire::FieldReader fields(status);
    for (wire::Field part; fields.next(&part);) {
      if (field == Field::kStatusCode && part.is(3, wire::WireType::kVarint)) {
        value = Value::of_int(static_cast<int32_t>(part.value));
      } else if (field == Field::kStatusMessage && part.is(2, wire::WireType::kLen)) {
        value = Value::of_string(part.text());
      }
    }
  }
  return value;
}

Value* Record::change(Field field, Scratch& scratch) {
  if (Value* const changed = find_change(field)) return changed;
  Value value = read_received(field);
  if (value.is(V::kMap)) value = Value::of_map(to_own_map(value, scratch));
  set_change(field, value);
  return find_change(field);
}

std::optional<std::string> Record::write(Field field, const Value& value, Scratch& scratch) {
  if (field == Field::kType) return {};
  if (field == Field::kEventIndex) return "event_index cannot be changed";
  const Field stored = stored_field(field);
  Value written = value;
  if (stored != field) {
    const bool is_time = field == Field::kTime || field == Field::kStartTime ||
                         field == Field::kEndTime || field == Field::kObservedTime;
    const V wanted = is_time ? V::kTime : V::kString;
    if (!value.is(wanted)) return wrong_type(wanted, value.type);
    if (is_time) {
      written = Value::of_int(value.number);
    } else if (field == Field::kKindString || field == Field::kKindDeprecatedString) {
      const auto names =
          field == Field::kKindString ? std::span(kKindNames) : std::span(kDeprecatedKindNames);
      const auto found = std::ranges::find(names, value.text);
      if (found == names.end()) return "unknown span kind \"" + std::string(value.text) + "\"";
      written = Value::of_int(found - names.begin());
    } else if (field != Field::kBodyString) {
      const size_t size = field == Field::kTraceIdString ? 16 : 8;
      auto id = from_hex(value.text);
      if (value.text.size() != 2 * size || !id) {
        return "the id must have " + std::to_string(2 * size) + " hexadecimal digits";
      }
      written = Value::of_text(size == 16 ? V::kTraceId : V::kSpanId, scratch.keep(std::move(*id)));
    }
    set_change(stored, written);
    return {};
  }
  if (field == Field::kStatusCode || field == Field::kStatusMessage) {
    const V wanted = field == Field::kStatusCode ? V::kInt : V::kString;
    if (!value.is(wanted)) return wrong_type(wanted, value.type);
    set_change(field, value);
    return {};
  }
  const WireField* const known = find_wire_field(context_, type_, field);
  if (known == nullptr) return "messages of this type do not have the path";
  const bool is_container =
      known->encoding == Encoding::kAttributes || known->encoding == Encoding::kMessages;
  if (known->encoding == Encoding::kAttributes && value.is_nil()) {
    written = Value::of_map(scratch.make_map());
  } else if (known->encoding != Encoding::kAny && !(is_container && value.is_nil())) {
    const V wanted = type_of(known->encoding, field == Field::kTraceId ? 16 : 8);
    if (!value.is(wanted)) return wrong_type(wanted, value.type);
  }
  if (field == Field::kFlags && context_ == Context::kSpan &&
      (value.number < 0 || value.number > UINT32_MAX)) {
    return "the flags must have 32 bits";
  }
  set_change(field, written);
  return {};
}

}  // namespace millrace::ottl
