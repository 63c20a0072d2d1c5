// Values as text, numbers and bytes, as otelcol converts them. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "ottl/value.h"

namespace millrace::ottl {

// Text of any value but nil: strings as they are, bytes in hexadecimal digits, all else as JSON.
std::string to_text(const Value& value);
// Whether to_text() has one: JSON has no NaN and no infinity, also not in a map or a list.
bool has_text(const Value& value);
// Text of a value as an attribute or a body has it, which is that of otlp::to_text(): bytes in
// base64, "" for nil, "NaN" and "Infinity".
std::string attribute_text(const Value& value);
// JSON with sorted keys and bytes in base64.
void append_json(const Value& value, std::string* out);
std::string to_hex(std::string_view bytes);
// Upper and lower case digits; nothing when `text` has others or an odd number of them.
std::optional<std::string> from_hex(std::string_view text);
// Cut off, as Go does it on amd64: what is out of range becomes the least integer.
int64_t to_int64(double number);
// "90m", "1h2m3.5s": nanoseconds.
std::optional<int64_t> parse_duration(std::string_view text);
// Reads an object or an array; numbers become doubles. Bounded in depth; nothing when it is
// neither.
std::optional<Value> parse_json(std::string_view text, Scratch& scratch);

}  // namespace millrace::ottl
