// Values in the forms of OTLP/JSON: ids in hex, bytes in base64, 64-bit integers as decimal
// strings, NaN and the infinities as words. Thread safe: no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace millrace::otlp::json {

// Decodes 2 * `size` hex digits of either case. Precondition: text.size() == 2 * size.
bool parse_hex(std::string_view text, uint8_t* into, size_t size);
void append_hex(std::span<const uint8_t> bytes, std::string* out);

// Reads the standard and the URL-safe alphabet, with or without padding. `into` needs room for
// base64_size_max(text.size()); *size receives the number of bytes written.
bool parse_base64(std::string_view text, uint8_t* into, size_t* size);
constexpr size_t base64_size_max(size_t text_size) { return text_size / 4 * 3 + 3; }
// Writes the standard alphabet with padding.
void append_base64(std::span<const uint8_t> bytes, std::string* out);

// Reads an integer in any form of JSON's number grammar whose value is integral and fits:
// "12", "-5", "1.5e3", "100.0". Exact over the whole range.
bool parse_int64(std::string_view text, int64_t* value);
bool parse_uint64(std::string_view text, uint64_t* value);

// Reads JSON's number grammar, "NaN", "Infinity" and "-Infinity". False also when the number is too
// large for a double.
bool parse_double(std::string_view text, double* value);
// Writes the shortest form that reads back the same; the three words in quotes.
void append_double(double value, std::string* out);

}  // namespace millrace::otlp::json
