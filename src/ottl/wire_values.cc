#include "ottl/wire_values.h"

#include <bit>

#include "wire/field_search.h"
#include "wire/protobuf.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

size_t id_size(const WireField& known) { return known.field == Field::kTraceId ? 16 : 8; }
V id_type(const WireField& known) { return id_size(known) == 16 ? V::kTraceId : V::kSpanId; }

// The field that stands in a oneof with this one; 0: there is none.
uint32_t other_member(const WireField& known) {
  if (known.field == Field::kValueDouble) return 6;
  return known.field == Field::kValueInt ? 4 : 0;
}

bool is_list(Encoding encoding) {
  return encoding == Encoding::kPackedFixed64 || encoding == Encoding::kPackedDouble ||
         encoding == Encoding::kPackedVarint;
}

Value read_scalar(const wire::Field& field, const WireField& known) {
  switch (known.encoding) {
    case Encoding::kString:
      return Value::of_string(field.text());
    case Encoding::kVarint32:
      return Value::of_int(static_cast<uint32_t>(field.value));
    case Encoding::kEnum:
      return Value::of_int(static_cast<int32_t>(field.value));
    case Encoding::kBool:
      return Value::of_bool(field.value != 0);
    case Encoding::kZigzag:
      return Value::of_int(static_cast<int32_t>(wire::zigzag_decode(field.value)));
    case Encoding::kFixed32:
    case Encoding::kFixed64:
      return Value::of_int(static_cast<int64_t>(field.value));
    case Encoding::kDouble:
      return Value::of_double(field.as_double());
    case Encoding::kId:
      return Value::of_text(id_type(known), field.text());
    case Encoding::kAny:
      return Value::of_any(field.bytes);
    default:
      return {};
  }
}

// Packed or not, as protobuf allows.
void append_elements(const wire::Field& field, Encoding encoding, Scratch& scratch, List* list) {
  const auto add = [&](uint64_t bits) {
    if (!scratch.charge(2 * sizeof(Value))) return false;
    list->elements.push_back(encoding == Encoding::kPackedDouble
                                 ? Value::of_double(std::bit_cast<double>(bits))
                                 : Value::of_int(static_cast<int64_t>(bits)));
    return true;
  };
  if (field.type != wire::WireType::kLen) {
    add(field.value);
    return;
  }
  const uint8_t* at = field.bytes.data();
  const uint8_t* const end = at + field.bytes.size();
  while (at != nullptr && at < end) {
    uint64_t bits = 0;
    if (encoding == Encoding::kPackedVarint) {
      at = wire::read_varint(at, end, &bits);
      if (at == nullptr) return;
    } else {
      if (end - at < 8) return;
      bits = wire::load_fixed64(at);
      at += 8;
    }
    if (!add(bits)) return;
  }
}

V type_of(const WireField& known) {
  switch (known.encoding) {
    case Encoding::kString:
      return V::kString;
    case Encoding::kDouble:
      return V::kDouble;
    case Encoding::kBool:
      return V::kBool;
    case Encoding::kId:
      return id_type(known);
    case Encoding::kAttributes:
      return V::kMap;
    case Encoding::kMessages:
      return V::kMessages;
    case Encoding::kPackedDouble:
    case Encoding::kPackedFixed64:
    case Encoding::kPackedVarint:
      return V::kList;
    default:
      return V::kInt;
  }
}

// The buckets of both signs are the same.
Field kind_of(Field field) { return field == Field::kNegative ? Field::kPositive : field; }

std::string wrong_type(V wanted, V found) {
  if (found == V::kNil) return "the path cannot be set to nil";
  return "expected " + std::string(type_name(wanted)) + ", found " + std::string(type_name(found));
}

std::optional<std::string> check_elements(const Value& list, V wanted) {
  std::optional<std::string> wrong;
  for_each_element(list, [&](const Value& element) {
    if (!element.is(wanted)) wrong = wrong_type(wanted, element.type) + " in the list";
    return !wrong;
  });
  return wrong;
}

}  // namespace

Value messages_of(Field kind, otlp::MessageBytes around, uint32_t number) {
  Value messages;
  messages.type = V::kMessages;
  messages.number = static_cast<int64_t>(kind_of(kind));
  messages.wire = around;
  messages.field_number = number;
  return messages;
}

Value default_value(const WireField& known, Scratch& scratch) {
  static constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
  if (is_list(known.encoding)) return Value::of_list(scratch.make_list());
  switch (known.encoding) {
    case Encoding::kString:
      return Value::of_string("");
    case Encoding::kDouble:
      return Value::of_double(0);
    case Encoding::kBool:
      return Value::of_bool(false);
    case Encoding::kId:
      return Value::of_text(id_type(known), kZeros.substr(0, id_size(known)));
    case Encoding::kMessages:
      return messages_of(known.field, {}, known.number);
    case Encoding::kAttributes:
      return Value::of_attributes({}, known.number);
    case Encoding::kNone:
    case Encoding::kAny:
      return {};
    default:
      return Value::of_int(0);
  }
}

bool is_read_alone(const WireField& known) {
  return known.encoding != Encoding::kAttributes && known.encoding != Encoding::kMessages &&
         other_member(known) == 0;
}

void read_wire_part(const wire::Field& part, const WireField& known, Scratch& scratch,
                    Value* value) {
  if (known.encoding == Encoding::kId && part.bytes.empty()) return;
  if (is_list(known.encoding)) {
    append_elements(part, known.encoding, scratch, value->list);
  } else {
    *value = read_scalar(part, known);
  }
}

void read_wire_field(otlp::MessageBytes message, const WireField& known, Scratch& scratch,
                     Value* value) {
  if (known.encoding == Encoding::kAttributes || known.encoding == Encoding::kMessages) {
    value->wire = message;
    return;
  }
  const uint32_t other = other_member(known);
  wire::Field part;
  if (other == 0) {
    if (!is_list(known.encoding) && known.encoding != Encoding::kId) {
      const otlp::MessageBytes last = wire::find_last_field(message, known.number);
      if (!last.empty() && wire::FieldReader(last).next(&part)) *value = read_scalar(part, known);
      return;
    }
    wire::FieldSearch search(message, known.number);
    while (search.next(&part)) read_wire_part(part, known, scratch, value);
    return;
  }
  wire::FieldReader fields(message);
  while (fields.next(&part)) {
    if (part.number == other) *value = default_value(known, scratch);
    if (part.number == known.number) read_wire_part(part, known, scratch, value);
  }
}

std::optional<std::string> check_wire_value(const WireField& known, const Value& value) {
  if (known.encoding == Encoding::kAny) return std::nullopt;
  const V wanted = type_of(known);
  const bool can_be_nil = wanted == V::kMap || wanted == V::kList || wanted == V::kMessages;
  if (value.is_nil() && can_be_nil) return std::nullopt;
  if (!value.is(wanted)) return wrong_type(wanted, value.type);
  if (wanted == V::kList) {
    return check_elements(value, known.encoding == Encoding::kPackedDouble ? V::kDouble : V::kInt);
  }
  if (wanted == V::kMessages && value.number != static_cast<int64_t>(kind_of(known.field))) {
    return "the path holds messages of another kind";
  }
  return std::nullopt;
}

}  // namespace millrace::ottl
