// Attributes as OTLP's KeyValue messages. Every function returns false where the output has no
// room.
#pragma once

#include <cstdint>
#include <string_view>

#include "memory/work.h"
#include "otlp/json/output.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

// A field of bytes or text.
[[nodiscard]] bool write_text(otlp::json::Output& out, uint32_t number, std::string_view text);
[[nodiscard]] bool write_fixed64(otlp::json::Output& out, uint32_t number, uint64_t value);
[[nodiscard]] bool write_varint(otlp::json::Output& out, uint32_t number, uint64_t value);

// `number`: of the field that has the attributes.
[[nodiscard]] bool write_string_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, std::string_view value);
[[nodiscard]] bool write_integer_attribute(otlp::json::Output& out, uint32_t number,
                                           std::string_view key, int64_t value);
[[nodiscard]] bool write_double_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, double value);
[[nodiscard]] bool write_boolean_attribute(otlp::json::Output& out, uint32_t number,
                                           std::string_view key, bool value);
// As a number or boolean where the text is one (parse_string_tags), otherwise as text.
[[nodiscard]] bool write_parsed_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, std::string_view value);

// `json`: an object whose strings, numbers and booleans become attributes; others are left out. A
// number without a fraction becomes an integer. False with `failure` also where it is no object.
[[nodiscard]] bool write_json_attributes(otlp::json::Output& out, uint32_t number,
                                         std::string_view json, Arena& arena, Work& work,
                                         Failure& failure);

}  // namespace millrace::receivers::zipkin
