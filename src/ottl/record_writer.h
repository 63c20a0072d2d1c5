// Writes what statements changed of a message. A field that was not changed stays the received
// bytes; a changed one is left out of them and written behind the others.
#pragma once

#include <span>

#include "otlp/level_writer.h"
#include "ottl/record.h"
#include "wire/writer.h"

namespace millrace::ottl {

// The content of the message with its changes. Precondition: record.is_changed().
void write_record(const Record& record, wire::Writer* into);
// The numbers of the fields that the changes replace, and these fields with their new values.
// `except`: fields that the caller writes.
otlp::FieldSet replaced_fields(const Record& record, otlp::FieldSet except = 0);
void write_changes(const Record& record, wire::Writer* into, otlp::FieldSet except = 0);
// The same for the fields of the nested message `number`, without those around them.
uint32_t replaced_in_nested(const Record& record, uint32_t number);
void write_changes_in_nested(const Record& record, uint32_t number, wire::Writer* into);
// The nested message `number` with its changed parts, as a field.
void write_nested(const Record& record, uint32_t number, wire::Writer* into);
// At least the size of what write_changes() writes.
size_t changes_size_max(const Record& record, otlp::FieldSet except = 0);
// Attributes of which single entries were changed, so that the others can stay where they are.
struct EditedAttributes {
  const Map* map = nullptr;  // its base is the record; null: there are none
  uint32_t field_number = 0;
};
EditedAttributes edited_attributes(const Record& record);
// An entry of field `number`, and at least its size.
void write_entry(const MapEntry& entry, uint32_t number, wire::Writer* into);
size_t entry_size_max(const MapEntry& entry);
// As write_entry(), without a writer, for entries whose value is neither a map nor a list. Returns
// the size; 0: the entry does not fit.
inline constexpr size_t kShortEntryBytes = 256;
size_t encode_short_entry(const MapEntry& entry, uint32_t number,
                          std::span<uint8_t, kShortEntryBytes> into);
// The content of an AnyValue.
void write_any_value(const Value& value, wire::Writer* into);

}  // namespace millrace::ottl
