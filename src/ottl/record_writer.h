// Writes what statements changed of a message. A field that was not changed stays the received
// bytes; a changed one is left out of them and written behind the others.
#pragma once

#include "ottl/record.h"
#include "wire/writer.h"

namespace millrace::ottl {

// The content of the message with its changes. Precondition: record.is_changed().
void write_record(const Record& record, wire::Writer* into);
// The content of an AnyValue.
void write_any_value(const Value& value, wire::Writer* into);

}  // namespace millrace::ottl
