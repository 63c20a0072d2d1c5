#include "receivers/zipkin/attribute_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "receivers/zipkin/json_reader.h"
#include "span_output/attribute_writer.h"

namespace millrace::receivers::zipkin {

using otlp::json::Output;
using span_output::write_boolean_attribute;
using span_output::write_double_attribute;
using span_output::write_integer_attribute;
using span_output::write_string_attribute;

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
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
