// Attributes that a text decides, as OTLP's KeyValue messages (span_output/attribute_writer.h has
// the rest). Every function returns false where the output has no room. `number`: of the field that
// has the attributes.
#pragma once

#include <cstdint>
#include <string_view>

#include "memory/work.h"
#include "otlp/json/output.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

// As a number or boolean where the text is one (parse_string_tags), otherwise as text.
[[nodiscard]] bool write_parsed_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, std::string_view value);

// `json`: an object whose strings, numbers and booleans become attributes; others are left out. A
// number without a fraction becomes an integer. False with `failure` also where it is no object.
[[nodiscard]] bool write_json_attributes(otlp::json::Output& out, uint32_t number,
                                         std::string_view json, Arena& arena, Work& work,
                                         Failure& failure);

}  // namespace millrace::receivers::zipkin
