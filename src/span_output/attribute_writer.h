// Single fields and attributes of OTLP, written to an output. Every function makes its own room and
// returns false where the output has none (Output::room_failure() has the reason). Cost: one copy
// of the text.
#pragma once

#include <cstdint>
#include <string_view>

#include "otlp/json/output.h"

namespace millrace::span_output {

// A field of bytes or text.
[[nodiscard]] bool write_text(otlp::json::Output& out, uint32_t number, std::string_view text);
[[nodiscard]] bool write_fixed64(otlp::json::Output& out, uint32_t number, uint64_t value);
[[nodiscard]] bool write_varint(otlp::json::Output& out, uint32_t number, uint64_t value);

// Ids of 8 and 16 bytes, big-endian. An id of zeros is left out, as OTLP has it for "none".
[[nodiscard]] bool write_span_id(otlp::json::Output& out, uint32_t number, uint64_t id);
[[nodiscard]] bool write_trace_id(otlp::json::Output& out, uint32_t number, uint64_t high,
                                  uint64_t low);

// KeyValue messages. `number`: of the field that has the attributes. Keys and texts must be UTF-8.
[[nodiscard]] bool write_string_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, std::string_view value);
[[nodiscard]] bool write_integer_attribute(otlp::json::Output& out, uint32_t number,
                                           std::string_view key, int64_t value);
[[nodiscard]] bool write_double_attribute(otlp::json::Output& out, uint32_t number,
                                          std::string_view key, double value);
[[nodiscard]] bool write_boolean_attribute(otlp::json::Output& out, uint32_t number,
                                           std::string_view key, bool value);
[[nodiscard]] bool write_bytes_attribute(otlp::json::Output& out, uint32_t number,
                                         std::string_view key, std::string_view value);

}  // namespace millrace::span_output
