// Reads one field of a message as a Value. Pure functions; one walk over the fields of the message.
#pragma once

#include <optional>
#include <string>

#include "ottl/record.h"
#include "wire/protobuf.h"

namespace millrace::ottl {

// What `known` is where a message does not have it.
Value default_value(const WireField& known, Scratch& scratch);
// Reads what a message, or a part of it, has of the field into `value`, which begins as the
// default. The last value of a scalar counts; lists and messages come together.
void read_wire_field(otlp::MessageBytes message, const WireField& known, Scratch& scratch,
                     Value* value);
// Whether the value is what the fields of its own number say: unlike a message or attributes, which
// stay where they are, and unlike a member of a oneof.
bool is_read_alone(const WireField& known);
// As read_wire_field(), of one field of the number of `known`.
void read_wire_part(const wire::Field& part, const WireField& known, Scratch& scratch,
                    Value* value);

// Whether the field can have the value; what is wrong, or nothing. nil clears maps, lists and
// messages only.
std::optional<std::string> check_wire_value(const WireField& known, const Value& value);

// A list of messages of a kind, which are field `number` of `around`.
Value messages_of(Field kind, otlp::MessageBytes around, uint32_t number);

}  // namespace millrace::ottl
