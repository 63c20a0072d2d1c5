#include "receivers/zipkin/attribute_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "receivers/zipkin/json_reader.h"
#include "wire/protobuf.h"

namespace millrace::receivers::zipkin {

using otlp::json::Output;
using wire::WireType;

namespace {

// Bytes of the tag and the length of a field with a small number.
constexpr size_t kHeadBytesMax = 16;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The key, and the head of a value of that size.
bool open_attribute(Output& out, uint32_t number, std::string_view key, size_t value_size) {
  const size_t key_size = key.empty() ? 0 : wire::len_field_size(1, key.size());
  const size_t size = key_size + wire::len_field_size(2, value_size);
  if (!out.need(kHeadBytesMax + size)) return false;
  out.tag(number, WireType::kLen);
  out.varint(size);
  if (!key.empty()) {
    out.tag(1, WireType::kLen);
    out.varint(key.size());
    out.bytes(key.data(), key.size());
  }
  out.tag(2, WireType::kLen);
  out.varint(value_size);
  return true;
}

double to_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Infinity or the nearest to zero, which from_chars does not tell apart.
  if (error == std::errc::result_out_of_range)
    value = std::strtod(std::string(text).c_str(), nullptr);
  return value;
}

// A number outside of 64 bits becomes the nearest inside.
int64_t to_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return text[0] == '-' ? INT64_MIN : INT64_MAX;
  return value;
}

struct JsonAttribute {
  enum class Kind : uint8_t { kString, kNumber, kBoolean, kOther };
  std::string_view key;
  Kind kind = Kind::kOther;
  std::string_view text;
  double number = 0;
  bool boolean = false;
  uint32_t position = 0;
};

bool read_json_value(JsonReader& reader, JsonAttribute& into) {
  switch (reader.peek()) {
    case '"':
      into.kind = JsonAttribute::Kind::kString;
      return reader.read_string(&into.text);
    case 't':
    case 'f':
      into.kind = JsonAttribute::Kind::kBoolean;
      return reader.read_boolean(&into.boolean);
    case '{':
    case '[':
    case 'n':
      into.kind = JsonAttribute::Kind::kOther;
      return reader.skip_value();
    default:
      break;
  }
  into.kind = JsonAttribute::Kind::kNumber;
  std::string_view token;
  if (!reader.read_number(&token)) return false;
  into.number = to_double(token);
  return std::isfinite(into.number) || reader.fail("the number is too large");
}

bool write_json_attribute(Output& out, uint32_t number, const JsonAttribute& attribute) {
  switch (attribute.kind) {
    case JsonAttribute::Kind::kString:
      return write_string_attribute(out, number, attribute.key, attribute.text);
    case JsonAttribute::Kind::kBoolean:
      return write_boolean_attribute(out, number, attribute.key, attribute.boolean);
    case JsonAttribute::Kind::kOther:
      return true;
    case JsonAttribute::Kind::kNumber:
      break;
  }
  if (std::fmod(attribute.number, 1.0) != 0) {
    return write_double_attribute(out, number, attribute.key, attribute.number);
  }
  // 2^63 is the first that does not fit.
  constexpr double kEnd = 9223372036854775808.0;
  const bool fits = attribute.number >= -kEnd && attribute.number < kEnd;
  return write_integer_attribute(out, number, attribute.key,
                                 fits ? static_cast<int64_t>(attribute.number) : INT64_MIN);
}

}  // namespace

bool write_text(Output& out, uint32_t number, std::string_view text) {
  if (!out.need(kHeadBytesMax + text.size())) return false;
  out.tag(number, WireType::kLen);
  out.varint(text.size());
  out.bytes(text.data(), text.size());
  return true;
}
bool write_fixed64(Output& out, uint32_t number, uint64_t value) {
  if (!out.need(kHeadBytesMax)) return false;
  out.tag(number, WireType::kI64);
  out.fixed(value);
  return true;
}
bool write_varint(Output& out, uint32_t number, uint64_t value) {
  if (!out.need(kHeadBytesMax)) return false;
  out.tag(number, WireType::kVarint);
  out.varint(value);
  return true;
}

bool write_string_attribute(Output& out, uint32_t number, std::string_view key,
                            std::string_view value) {
  return open_attribute(out, number, key, wire::len_field_size(1, value.size())) &&
         write_text(out, 1, value);
}
bool write_integer_attribute(Output& out, uint32_t number, std::string_view key, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return open_attribute(out, number, key, 1 + wire::varint_size(bits)) &&
         write_varint(out, 3, bits);
}
bool write_double_attribute(Output& out, uint32_t number, std::string_view key, double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return open_attribute(out, number, key, 9) && write_fixed64(out, 4, bits);
}
bool write_boolean_attribute(Output& out, uint32_t number, std::string_view key, bool value) {
  return open_attribute(out, number, key, 2) && write_varint(out, 2, value ? 1 : 0);
}

bool write_parsed_attribute(Output& out, uint32_t number, std::string_view key,
                            std::string_view value) {
  if (value == "true" || value == "false") {
    return write_boolean_attribute(out, number, key, value == "true");
  }
  const std::string_view digits = value.starts_with('-') ? value.substr(1) : value;
  if (is_digits(digits)) return write_integer_attribute(out, number, key, to_integer(value));
  const size_t point = digits.find('.');
  if (point != std::string_view::npos && is_digits(digits.substr(0, point)) &&
      is_digits(digits.substr(point + 1))) {
    return write_double_attribute(out, number, key, to_double(value));
  }
  return write_string_attribute(out, number, key, value);
}

bool write_json_attributes(Output& out, uint32_t number, std::string_view json, Arena& arena,
                           Work& work, Failure& failure) {
  JsonReader reader(json, arena, work.pace);
  const bool is_null = reader.peek() == 'n';
  BudgetedList<JsonAttribute> attributes(work.pool.budget());
  if (is_null ? reader.read_null() : reader.enter('{')) {
    JsonAttribute attribute;
    while (!is_null && reader.next_member(&attribute.key)) {
      if (!read_json_value(reader, attribute)) break;
      if (!attributes.push(attribute)) {
        failure.kind = Failure::Kind::kMemory;
        return false;
      }
      ++attribute.position;
    }
  }
  if (!reader.at_end()) {
    failure = {.kind = Failure::Kind::kBadData, .what = "has attributes that are no JSON object"};
    return false;
  }
  std::vector<JsonAttribute>& items = attributes.items();
  std::ranges::sort(items, [&work](const JsonAttribute& a, const JsonAttribute& b) {
    work.pace.step(8);
    return a.key != b.key ? a.key < b.key : a.position < b.position;
  });
  for (size_t i = 0; i < items.size(); ++i) {
    if (i + 1 < items.size() && items[i + 1].key == items[i].key) continue;  // the last counts
    if (!write_json_attribute(out, number, items[i])) return false;
  }
  return true;
}

}  // namespace millrace::receivers::zipkin
