#include "ottl/record_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::ottl {
namespace {

using V = Value::Type;
using wire::WireType;

constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;

void write_entries(const Value& map, uint32_t number, wire::Writer* into) {
  for_each_part(
      map,
      [&](otlp::MessageBytes received) {
        into->bytes_field(number, received);
        return true;
      },
      [&](const MapEntry& entry) {
        write_entry(entry, number, into);
        return true;
      });
}

void write_messages(const Value& messages, uint32_t number, wire::Writer* into) {
  otlp::MessageReader reader(messages.wire, messages.field_number);
  for (otlp::MessageBytes message; reader.next(&message);) into->bytes_field(number, message);
}

void write_list(const WireField& known, const Value& list, wire::Writer* into) {
  if (count_elements(list) == 0) return;
  const auto content = into->open(known.number);
  for_each_element(list, [&](const Value& element) {
    if (known.encoding == Encoding::kPackedVarint) {
      into->raw_varint(static_cast<uint64_t>(element.number));
    } else if (known.encoding == Encoding::kPackedDouble) {
      into->raw_fixed64(std::bit_cast<uint64_t>(element.real));
    } else {
      into->raw_fixed64(static_cast<uint64_t>(element.number));
    }
    return true;
  });
  into->close(content);
}

// Fields whose default says something else than their absence.
bool has_presence(Field field) {
  return field == Field::kValueDouble || field == Field::kValueInt || field == Field::kSum ||
         field == Field::kMin || field == Field::kMax;
}

bool is_default(const Value& value) {
  switch (value.type) {
    case V::kBool:
    case V::kInt:
      return value.number == 0;
    case V::kDouble:
      return std::bit_cast<uint64_t>(value.real) == 0;
    case V::kString:
      return value.text.empty();
    default:
      return false;
  }
}

void write_field(const WireField& known, const Value& value, wire::Writer* into) {
  const bool is_absent =
      known.encoding != Encoding::kAny && !has_presence(known.field) && is_default(value);
  if (is_absent) return;
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
    case Encoding::kBool:
      return into->varint_field(known.number, bits);
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
      return write_messages(value, known.number, into);
    case Encoding::kPackedFixed64:
    case Encoding::kPackedDouble:
    case Encoding::kPackedVarint:
      return write_list(known, value, into);
    case Encoding::kNone:
      return;
  }
}

const WireField* find_known(const Record& record, Field field) {
  if (field == Field::kSchemaUrl) return nullptr;
  return find_wire_field(record.context(), record.type(), field);
}

// The nested messages of which parts were changed, as bits.
uint32_t changed_nested(const Record& record) {
  uint32_t nested = 0;
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    if (known != nullptr && known->within != 0) nested |= otlp::field_bit(known->within);
    if (change.field == Field::kType)
      nested |= otlp::field_bit(static_cast<uint32_t>(record.type()));
  }
  return nested;
}

// Tag and length of an entry, of its key and of its value.
constexpr size_t kEntryPrefixBytes = 32;

size_t size_max(const Value& value) {
  size_t size = kEntryPrefixBytes + value.text.size() + value.wire.size();
  if (value.map != nullptr) {
    size += value.map->base.size();
    for (const EditedEntry& edited : value.map->edited) size += entry_size_max(edited.entry);
    for (const MapEntry& entry : value.map->entries) size += entry_size_max(entry);
  }
  if (value.list != nullptr) {
    for (const Value& element : value.list->elements) size += size_max(element);
  }
  return size;
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

void write_entry(const MapEntry& entry, uint32_t number, wire::Writer* into) {
  const auto whole = into->open(number);
  into->string_field(kKey, entry.key);
  const auto content = into->open(kValue);
  write_any_value(entry.value, into);
  into->close(content);
  into->close(whole);
}

size_t encode_short_entry(const MapEntry& entry, uint32_t number,
                          std::span<uint8_t, kShortEntryBytes> into) {
  // The content of the AnyValue without a text, and all tags and lengths, take less than 48 bytes.
  constexpr size_t kTextsMax = kShortEntryBytes - 48;
  const Value& value = entry.value;
  const bool has_text = value.is(V::kString) || value.is(V::kBytes);
  if (value.is(V::kMap) || value.is(V::kList)) return 0;
  if (entry.key.size() + (has_text ? value.text.size() : 0) > kTextsMax) return 0;
  const auto put_prefix = [](uint8_t* at, uint32_t field, size_t size) {
    return wire::write_varint(wire::write_varint(at, wire::make_tag(field, WireType::kLen)), size);
  };
  const auto put_text = [](uint8_t* at, std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  };
  uint8_t any[24];  // without the text
  uint8_t* any_end = any;
  if (has_text) {
    any_end = put_prefix(any, value.is(V::kString) ? 1 : 7, value.text.size());
  } else if (value.is(V::kBool) || value.is(V::kInt)) {
    any[0] = static_cast<uint8_t>(wire::make_tag(value.is(V::kBool) ? 2 : 3, WireType::kVarint));
    any_end = wire::write_varint(any + 1, static_cast<uint64_t>(value.number));
  } else if (value.is(V::kDouble)) {
    any[0] = static_cast<uint8_t>(wire::make_tag(4, WireType::kI64));
    std::memcpy(any + 1, &value.real, sizeof value.real);
    any_end = any + 1 + sizeof value.real;
  }
  const auto any_head = static_cast<size_t>(any_end - any);
  const size_t any_size = any_head + (has_text ? value.text.size() : 0);
  uint8_t* at = put_prefix(
      into.data(), number,
      wire::len_field_size(kKey, entry.key.size()) + wire::len_field_size(kValue, any_size));
  at = put_text(put_prefix(at, kKey, entry.key.size()), entry.key);
  at = put_prefix(at, kValue, any_size);
  std::memcpy(at, any, any_head);
  at += any_head;
  if (has_text) at = put_text(at, value.text);
  return static_cast<size_t>(at - into.data());
}

size_t entry_size_max(const MapEntry& entry) {
  return kEntryPrefixBytes + entry.key.size() + size_max(entry.value);
}

EditedAttributes edited_attributes(const Record& record) {
  for (const FieldChange& change : record.changes()) {
    const Map* const map = change.value.map;
    if (map == nullptr || map->base.data() != record.bytes().data()) continue;
    const WireField* const known = find_known(record, change.field);
    const bool is_own = known != nullptr && known->encoding == Encoding::kAttributes &&
                        known->number == map->base_field;
    if (is_own) return {map, known->number};
  }
  return {};
}

otlp::FieldSet replaced_fields(const Record& record, otlp::FieldSet except) {
  constexpr otlp::FieldSet kDataNumbers = otlp::field_bit(5) | otlp::field_bit(7) |
                                          otlp::field_bit(9) | otlp::field_bit(10) |
                                          otlp::field_bit(11);
  otlp::FieldSet replaced = 0;
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    if (change.field == Field::kType) replaced |= kDataNumbers;
    if (known == nullptr) continue;
    replaced |= otlp::field_bit(known->within != 0 ? known->within : known->number);
    // The value of a data point is one of two fields.
    if (change.field == Field::kValueDouble || change.field == Field::kValueInt) {
      replaced |= otlp::field_bit(4) | otlp::field_bit(6);
    }
  }
  return replaced & ~except;
}

size_t changes_size_max(const Record& record, otlp::FieldSet except) {
  size_t size = 0;
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    const bool is_written = known == nullptr || (otlp::field_bit(known->number) & except) == 0;
    if (is_written || known->within != 0) size += size_max(change.value);
  }
  // A nested message keeps what was not changed of it.
  if (changed_nested(record) != 0) size += record.bytes().size();
  return size;
}

void write_record(const Record& record, wire::Writer* into) {
  const uint32_t replaced = replaced_fields(record);
  wire::FieldReader fields(record.bytes());
  for (wire::Field field; fields.next(&field);) {
    if ((otlp::field_bit(field.number) & replaced) == 0) into->raw(field.whole);
  }
  write_changes(record, into);
}

void write_nested(const Record& record, uint32_t number, wire::Writer* into) {
  uint32_t replaced = replaced_in_nested(record, number);
  const bool has_type_change = std::ranges::any_of(
      record.changes(), [](const FieldChange& change) { return change.field == Field::kType; });
  // Only the data points of another type have a meaning in this one.
  if (has_type_change) replaced |= ~otlp::field_bit(otlp::kDataPoints);
  const auto content = into->open(number);
  const Value parts = record.nested(number);
  otlp::MessageReader reader(parts.wire, parts.field_number);
  for (otlp::MessageBytes part; reader.next(&part);) {
    wire::FieldReader fields(part);
    for (wire::Field field; fields.next(&field);) {
      const bool is_kept =
          field.number < 32 ? (otlp::field_bit(field.number) & replaced) == 0 : !has_type_change;
      if (is_kept) into->raw(field.whole);
    }
  }
  write_changes_in_nested(record, number, into);
  into->close(content);
}

uint32_t replaced_in_nested(const Record& record, uint32_t number) {
  uint32_t replaced = 0;
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    if (known != nullptr && known->within == number) replaced |= otlp::field_bit(known->number);
  }
  return replaced;
}

void write_changes_in_nested(const Record& record, uint32_t number, wire::Writer* into) {
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    if (known != nullptr && known->within == number) write_field(*known, change.value, into);
  }
}

void write_changes(const Record& record, wire::Writer* into, otlp::FieldSet except) {
  const uint32_t nested = changed_nested(record);
  for (const FieldChange& change : record.changes()) {
    const WireField* const known = find_known(record, change.field);
    if (known == nullptr || known->within != 0) continue;
    if ((otlp::field_bit(known->number) & except) != 0) continue;
    // A whole of which parts were changed afterwards is written with them.
    if ((nested & otlp::field_bit(known->number)) != 0 && known->encoding == Encoding::kMessages)
      continue;
    write_field(*known, change.value, into);
  }
  for (otlp::FieldSet left = nested & ~except; left != 0; left &= left - 1) {
    write_nested(record, static_cast<uint32_t>(std::countr_zero(left)), into);
  }
}

}  // namespace millrace::ottl
