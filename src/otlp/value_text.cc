// AnyValue as text, in the form of otelcol's pcommon.Value.AsString.
#include <fmt/format.h>

#include <cmath>

#include "base/json_string.h"
#include "otlp/views.h"

namespace millrace::otlp {

namespace {

using Type = AnyValueView::Type;

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    for (size_t i = 0; i < 3; i++) {
      group = group << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    }
    for (size_t i = 0; i < 4; i++) {
      text += i <= count ? kAlphabet[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

// Go's JSON encoding of a float64: the shortest text, with an exponent only outside 1e-6..1e21.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-6 || size >= 1e21)) return fmt::format("{:e}", value);
  std::string text = fmt::format("{}", value);
  if (text.find('e') != std::string::npos) text = fmt::format("{:.0f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

void append_json(const AnyValueView& value, std::string* into) {
  switch (value.type) {
    case Type::kEmpty:
      *into += "null";
      return;
    case Type::kString:
      return append_json_string(*into, value.text);
    case Type::kBytes:
      return append_json_string(*into, to_base64(value.text));
    case Type::kBool:
      *into += value.int_value != 0 ? "true" : "false";
      return;
    case Type::kInt:
      *into += std::to_string(value.int_value);
      return;
    case Type::kDouble:
      *into += number_text(value.double_value);
      return;
    case Type::kArray:
    case Type::kKvlist:
      break;
  }
  const bool is_list = value.type == Type::kArray;
  *into += is_list ? '[' : '{';
  bool is_first = true;
  ElementReader elements(value);
  for (MessageBytes element; elements.next(&element);) {
    if (!is_first) *into += ',';
    is_first = false;
    if (is_list) {
      append_json(AnyValueView::read(element), into);
      continue;
    }
    const KeyValueView entry = KeyValueView::read(element);
    append_json_string(*into, entry.key);
    *into += ':';
    append_json(AnyValueView::read(entry.value), into);
  }
  *into += is_list ? ']' : '}';
}

}  // namespace

std::string to_text(const AnyValueView& value) {
  switch (value.type) {
    case Type::kEmpty:
      return "";
    case Type::kString:
      return std::string(value.text);
    case Type::kBytes:
      return to_base64(value.text);
    default:
      break;
  }
  std::string text;
  append_json(value, &text);
  return text;
}

}  // namespace millrace::otlp
