#include "ottl/record_writer.h"

#include <algorithm>

namespace millrace::ottl {
namespace {

using V = Value::Type;
using wire::WireType;

constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;
constexpr uint32_t kSpanStatus = 15;

void write_entries(const Value& map, uint32_t number, wire::Writer* into) {
  for_each_entry(map, [&](std::string_view key, const Value& value) {
    const auto entry = into->open(number);
    into->string_field(kKey, key);
    const auto content = into->open(kValue);
    write_any_value(value, into);
    into->close(content);
    into->close(entry);
    return true;
  });
}

// Status.message is field 2 and Status.code field 3.
void write_status(const Record& record, wire::Writer* into) {
  Scratch scratch;
  const auto status = into->open(kSpanStatus);
  const Value message = record.read(Field::kStatusMessage, scratch);
  const Value code = record.read(Field::kStatusCode, scratch);
  if (!message.text.empty()) into->string_field(2, message.text);
  if (code.number != 0) into->varint_field(3, static_cast<uint64_t>(code.number));
  into->close(status);
}

void write_messages(const Value& messages, uint32_t number, wire::Writer* into) {
  otlp::MessageReader reader(messages.wire, messages.field_number);
  for (otlp::MessageBytes message; reader.next(&message);) into->bytes_field(number, message);
}

void write_field(const WireField& known, const Value& value, wire::Writer* into) {
  const auto bits = static_cast<uint64_t>(value.number);
  switch (known.encoding) {
    case Encoding::kString:
      return into->string_field(known.number, value.text);
    case Encoding::kId:
      // An id of zeros is an absent one.
      if (std::ranges::any_of(value.text, [](char c) { return c != 0; })) {
        into->string_field(known.number, value.text);
      }
      return;
    case Encoding::kVarint32:
      return into->varint_field(known.number, static_cast<uint32_t>(bits));
    case Encoding::kEnum:
      // A negative enum is written with its sign in 64 bits.
      return into->varint_field(known.number,
                                static_cast<uint64_t>(int64_t{static_cast<int32_t>(value.number)}));
    case Encoding::kZigzag:
      return into->sint_field(known.number, static_cast<int32_t>(value.number));
    case Encoding::kFixed32:
      return into->fixed32_field(known.number, static_cast<uint32_t>(bits));
    case Encoding::kFixed64:
      return into->fixed64_field(known.number, bits);
    case Encoding::kDouble:
      return into->double_field(known.number, value.real);
    case Encoding::kAttributes:
      return write_entries(value, known.number, into);
    case Encoding::kAny: {
      const auto content = into->open(known.number);
      write_any_value(value, into);
      return into->close(content);
    }
    case Encoding::kMessages:
      if (!value.is_nil()) write_messages(value, known.number, into);
      return;
    case Encoding::kNone:
    case Encoding::kPackedFixed64:
    case Encoding::kPackedDouble:
      return;
  }
}

bool is_status(Field field) {
  return field == Field::kStatusCode || field == Field::kStatusMessage;
}

// The value of a data point is one of two fields.
bool replaces(const Record& record, Field changed, uint32_t number) {
  if (is_status(changed)) return number == kSpanStatus;
  if (changed == Field::kValueDouble || changed == Field::kValueInt) {
    return number == record.field_number(Field::kValueDouble) ||
           number == record.field_number(Field::kValueInt);
  }
  return changed != Field::kSchemaUrl && number == record.field_number(changed);
}

}  // namespace

void write_any_value(const Value& value, wire::Writer* into) {
  switch (value.type) {
    case V::kString:
      return into->string_field(1, value.text);
    case V::kBool:
      return into->varint_field(2, static_cast<uint64_t>(value.number));
    case V::kInt:
      return into->varint_field(3, static_cast<uint64_t>(value.number));
    case V::kDouble:
      return into->double_field(4, value.real);
    case V::kBytes:
      return into->string_field(7, value.text);
    case V::kList: {
      if (value.list == nullptr) return into->raw(value.wire);
      const auto list = into->open(5);
      for (const Value& element : value.list->elements) {
        const auto content = into->open(1);
        write_any_value(element, into);
        into->close(content);
      }
      return into->close(list);
    }
    case V::kMap: {
      if (value.map == nullptr && value.field_number == 0) return into->raw(value.wire);
      const auto map = into->open(6);
      write_entries(value, 1, into);
      return into->close(map);
    }
    default:
      return;
  }
}

void write_record(const Record& record, wire::Writer* into) {
  wire::FieldReader fields(record.bytes());
  for (wire::Field field; fields.next(&field);) {
    const bool is_replaced = std::ranges::any_of(record.changes(), [&](const FieldChange& change) {
      return replaces(record, change.field, field.number);
    });
    if (!is_replaced) into->raw(field.whole);
  }
  bool has_status = false;
  for (const FieldChange& change : record.changes()) {
    if (is_status(change.field)) {
      has_status = true;
      continue;
    }
    const WireField* const known = find_wire_field(record.context(), record.type(), change.field);
    if (known != nullptr && change.field != Field::kSchemaUrl) {
      write_field(*known, change.value, into);
    }
  }
  if (has_status) write_status(record, into);
}

}  // namespace millrace::ottl
