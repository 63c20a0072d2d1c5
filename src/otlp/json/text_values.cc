#include "otlp/json/text_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "otlp/json/syntax.h"

namespace millrace::otlp::json {
namespace {

constexpr uint8_t kBad = 0xFF;
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

consteval std::array<uint8_t, 256> make_hex_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kBad);
  for (uint8_t i = 0; i < 16; ++i) values[static_cast<uint8_t>(kHexDigits[i])] = i;
  for (uint8_t i = 10; i < 16; ++i) values[static_cast<uint8_t>('A' + i - 10)] = i;
  return values;
}
consteval std::array<uint8_t, 256> make_base64_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kBad);
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kBase64Digits[i])] = i;
  values['-'] = 62;
  values['_'] = 63;
  return values;
}
constexpr std::array<uint8_t, 256> kHexValues = make_hex_values();
constexpr std::array<uint8_t, 256> kBase64Values = make_base64_values();

struct Magnitude {
  bool negative = false;
  uint64_t value = 0;
};

// Reads digits, a point and an exponent with integer arithmetic only.
bool parse_magnitude(std::string_view text, Magnitude* parsed) {
  if (!is_json_number(text)) return false;
  if (text[0] == '-') {
    parsed->negative = true;
    text.remove_prefix(1);
  }
  const size_t exponent_at = text.find_first_of("eE");
  int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view digits = text.substr(exponent_at + 1);
    if (digits[0] == '+') digits.remove_prefix(1);
    const auto end = digits.data() + digits.size();
    // An exponent beyond 64 bits is correct only for zero, and is refused for it as well.
    const auto read = std::from_chars(digits.data(), end, exponent);
    if (read.ptr != end || read.ec != std::errc()) return false;
    if (exponent > 1'000'000 || exponent < -1'000'000) return false;
    text = text.substr(0, exponent_at);
  }
  std::string digits;
  for (const char c : text) {
    if (c != '.') digits += c;
  }
  const size_t point = text.find('.');
  if (point != std::string_view::npos) exponent -= static_cast<int64_t>(text.size() - point - 1);
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.find_first_not_of('0') == std::string::npos) return true;  // zero
  if (exponent < 0) return false;
  for (const char c : digits) {
    if (__builtin_mul_overflow(parsed->value, uint64_t{10}, &parsed->value) ||
        __builtin_add_overflow(parsed->value, static_cast<uint64_t>(c - '0'), &parsed->value)) {
      return false;
    }
  }
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(parsed->value, uint64_t{10}, &parsed->value)) return false;
  }
  return true;
}

}  // namespace

bool parse_hex(std::string_view text, uint8_t* into, size_t size) {
  uint8_t bad = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t high = kHexValues[static_cast<uint8_t>(text[2 * i])];
    const uint8_t low = kHexValues[static_cast<uint8_t>(text[2 * i + 1])];
    bad |= high | low;
    into[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return (bad & 0xF0) == 0;
}

void append_hex(std::span<const uint8_t> bytes, std::string* out) {
  for (const uint8_t byte : bytes) {
    *out += kHexDigits[byte >> 4];
    *out += kHexDigits[byte & 15];
  }
}

bool parse_base64(std::string_view text, uint8_t* into, size_t* size) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  uint8_t* at = into;
  uint32_t group = 0;
  size_t digits = 0;
  for (const char c : text) {
    const uint8_t value = kBase64Values[static_cast<uint8_t>(c)];
    if (value == kBad) return false;
    group = group << 6 | value;
    if (++digits % 4 != 0) continue;
    *at++ = static_cast<uint8_t>(group >> 16);
    *at++ = static_cast<uint8_t>(group >> 8);
    *at++ = static_cast<uint8_t>(group);
    group = 0;
  }
  if (digits % 4 >= 2) {
    group <<= 6 * (4 - digits % 4);
    *at++ = static_cast<uint8_t>(group >> 16);
    if (digits % 4 == 3) *at++ = static_cast<uint8_t>(group >> 8);
  }
  *size = static_cast<size_t>(at - into);
  return true;
}

void append_base64(std::span<const uint8_t> bytes, std::string* out) {
  size_t i = 0;
  const auto digit = [](uint32_t group, int shift) { return kBase64Digits[group >> shift & 63]; };
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group =
        uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | uint32_t{bytes[i + 2]};
    for (const int shift : {18, 12, 6, 0}) *out += digit(group, shift);
  }
  if (i == bytes.size()) return;
  const bool two = bytes.size() - i == 2;
  const uint32_t group = uint32_t{bytes[i]} << 16 | (two ? uint32_t{bytes[i + 1]} << 8 : 0);
  *out += digit(group, 18);
  *out += digit(group, 12);
  *out += two ? digit(group, 6) : '=';
  *out += '=';
}

bool parse_int64(std::string_view text, int64_t* value) {
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, *value);
      read.ptr == end && read.ec == std::errc()) {
    return true;
  }
  Magnitude parsed;
  if (!parse_magnitude(text, &parsed)) return false;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (parsed.value > kMax + (parsed.negative ? 1 : 0)) return false;
  *value = static_cast<int64_t>(parsed.negative ? 0 - parsed.value : parsed.value);
  return true;
}

bool parse_uint64(std::string_view text, uint64_t* value) {
  const char* const end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, *value);
      read.ptr == end && read.ec == std::errc()) {
    return true;
  }
  Magnitude parsed;
  if (!parse_magnitude(text, &parsed) || (parsed.negative && parsed.value != 0)) return false;
  *value = parsed.value;
  return true;
}

bool parse_double(std::string_view text, double* value) {
  if (text == "NaN") {
    *value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    *value = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    *value = -std::numeric_limits<double>::infinity();
  } else {
    if (!is_json_number(text)) return false;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), *value);
    return read.ec == std::errc();
  }
  return true;
}

void append_double(double value, std::string* out) {
  if (std::isnan(value)) {
    *out += "\"NaN\"";
  } else if (std::isinf(value)) {
    *out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    std::array<char, 32> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
    out->append(text.data(), written.ptr);
  }
}

}  // namespace millrace::otlp::json
