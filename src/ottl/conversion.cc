#include "ottl/conversion.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "otlp/json/text_values.h"
#include "ottl/record_writer.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

// Deeper JSON is refused: the result must pass a receiver's limit of nested messages.
constexpr size_t kJsonDepthMax = 30;

// A number as the JSON encoder of OTTL writes it: an exponent has two digits.
void append_double(double number, std::string* out) {
  char digits[64];
  const double size = std::fabs(number);
  const bool is_short = size == 0 || (size >= 1e-6 && size < 1e21);
  const auto end =
      std::to_chars(digits, digits + sizeof digits, number,
                    is_short ? std::chars_format::fixed : std::chars_format::scientific);
  out->append(digits, end.ptr);
}

void append_json_string(std::string_view text, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  *out += '"';
  for (size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const auto byte = static_cast<uint8_t>(c);
    const std::string_view three = byte == 0xe2 ? text.substr(i, 3) : std::string_view();
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (c == '\r') {
      *out += "\\r";
    } else if (c == '\t') {
      *out += "\\t";
    } else if (three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9") {
      *out += three[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      *out += "\\u00";
      *out += kDigits[byte >> 4];
      *out += kDigits[byte & 15];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void append_json_map(const Value& map, std::string* out) {
  std::vector<std::pair<std::string_view, Value>> entries;
  for_each_entry(map, [&](std::string_view key, const Value& value) {
    entries.emplace_back(key, value);
    return true;
  });
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.first; });
  *out += '{';
  for (size_t i = 0; i < entries.size(); i++) {
    if (i > 0) *out += ',';
    append_json_string(entries[i].first, out);
    *out += ':';
    append_json(entries[i].second, out);
  }
  *out += '}';
}

std::optional<Value> from_json(const simdjson::dom::element& element, Scratch& scratch,
                               size_t depth);

Value from_json_object(const simdjson::dom::object& object, Scratch& scratch, size_t depth,
                       bool* failed) {
  Map* const map = scratch.make_map();
  for (const auto field : object) {
    if (!scratch.charge(2 * sizeof(MapEntry))) break;
    const auto value = from_json(field.value, scratch, depth + 1);
    if (!value) {
      *failed = true;
      break;
    }
    if (Value* const before = map->find(field.key)) {
      *before = *value;
    } else {
      map->entries.push_back({scratch.keep(std::string(field.key)), *value});
    }
  }
  return Value::of_map(map);
}

std::optional<Value> from_json(const simdjson::dom::element& element, Scratch& scratch,
                               size_t depth) {
  if (depth > kJsonDepthMax) return {};
  using J = simdjson::dom::element_type;
  bool failed = false;
  switch (element.type()) {
    case J::OBJECT: {
      const Value map =
          from_json_object(element.get_object().value_unsafe(), scratch, depth, &failed);
      if (failed) return {};
      return map;
    }
    case J::ARRAY: {
      List* const list = scratch.make_list();
      const simdjson::dom::array children = element;
      for (const simdjson::dom::element child : children) {
        if (!scratch.charge(2 * sizeof(Value))) break;
        const auto value = from_json(child, scratch, depth + 1);
        if (!value) return {};
        list->elements.push_back(*value);
      }
      return Value::of_list(list);
    }
    case J::STRING:
      return Value::of_string(scratch.keep(std::string(element.get_string().value_unsafe())));
    case J::BOOL:
      return Value::of_bool(element.get_bool().value_unsafe());
    case J::NULL_VALUE:
      return Value();
    default:
      return Value::of_double(element.get_double().value_unsafe());
  }
}

}  // namespace

void append_json(const Value& value, std::string* out) {
  switch (value.type) {
    case V::kNil:
    case V::kMessages:
      *out += "null";
      return;
    case V::kBool:
      *out += value.number != 0 ? "true" : "false";
      return;
    case V::kInt:
    case V::kDuration:
    case V::kTime:
      *out += std::to_string(value.number);
      return;
    case V::kDouble:
      return append_double(value.real, out);
    case V::kString:
      return append_json_string(value.text, out);
    case V::kBytes:
      *out += '"';
      otlp::json::append_base64(as_span(value.text), out);
      *out += '"';
      return;
    case V::kTraceId:
    case V::kSpanId:
      *out += '[';
      for (const char c : value.text) {
        if (out->back() != '[') *out += ',';
        *out += std::to_string(static_cast<uint8_t>(c));
      }
      *out += ']';
      return;
    case V::kMap:
      return append_json_map(value, out);
    case V::kList:
      *out += '[';
      for_each_element(value, [&](const Value& element) {
        if (out->back() != '[') *out += ',';
        append_json(element, out);
        return true;
      });
      *out += ']';
  }
}

bool has_text(const Value& value) {
  bool is_finite = true;
  switch (value.type) {
    case V::kDouble:
      return std::isfinite(value.real);
    case V::kMap:
      for_each_entry(value, [&](std::string_view, const Value& member) {
        return is_finite = has_text(member);
      });
      return is_finite;
    case V::kList:
      for_each_element(value, [&](const Value& member) { return is_finite = has_text(member); });
      return is_finite;
    default:
      return true;
  }
}

std::string to_text(const Value& value) {
  if (value.is(V::kString)) return std::string(value.text);
  if (value.is(V::kBytes)) return to_hex(value.text);
  std::string text;
  append_json(value, &text);
  return text;
}

std::string attribute_text(const Value& value) {
  using Wire = otlp::AnyValueView::Type;
  switch (value.type) {
    case V::kNil:
      return {};
    case V::kDouble:
      return otlp::to_text({.type = Wire::kDouble, .double_value = value.real});
    case V::kBytes:
      return otlp::to_text({.type = Wire::kBytes, .text = value.text});
    case V::kMap:
    case V::kList: {
      wire::Writer any_value;
      write_any_value(value, &any_value);
      const std::string bytes = any_value.to_string();
      return otlp::to_text(otlp::AnyValueView::read(as_span(bytes)));
    }
    default:
      return to_text(value);
  }
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  otlp::json::append_hex(as_span(bytes), &text);
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return {};
  std::string bytes(text.size() / 2, '\0');
  auto* const into = reinterpret_cast<uint8_t*>(bytes.data());
  if (!otlp::json::parse_hex(text, into, bytes.size())) return {};
  return bytes;
}

int64_t to_int64(double number) {
  return std::fabs(number) < 0x1p63 ? static_cast<int64_t>(number) : INT64_MIN;
}

std::optional<int64_t> parse_duration(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return {};
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto read =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (read.ec != std::errc() || number < 0) return {};
    text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
    static constexpr std::pair<std::string_view, double> kUnits[] = {
        {"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
    const auto unit = std::ranges::find_if(
        kUnits, [&](const auto& known) { return text.starts_with(known.first); });
    if (unit == std::end(kUnits)) return {};
    text.remove_prefix(unit->first.size());
    total += number * unit->second;
  }
  if (total >= 9.2e18) return {};
  const auto nanoseconds = static_cast<int64_t>(std::llround(total));
  return is_negative ? -nanoseconds : nanoseconds;
}

std::optional<Value> parse_json(std::string_view text, Scratch& scratch) {
  if (!scratch.charge(2 * text.size())) return {};
  simdjson::dom::parser parser(text.size() + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element element;
  if (parser.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS) return {};
  if (!element.is_object() && !element.is_array()) return {};
  return from_json(element, scratch, 0);
}

}  // namespace millrace::ottl
