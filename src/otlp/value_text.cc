// AnyValue as text, in the form of otelcol's pcommon.Value.AsString.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/allocation_name.h"
#include "otlp/value_text.h"

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

// Go's JSON encoding of a float64: the shortest text, with an exponent only outside 1e-6..1e21 and
// without the zero of e-09.
std::string number_text(double value) {
  const double size = std::abs(value);
  const bool has_exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 64> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value,
                    has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text(digits.data(), end.ptr);
  if (text.size() >= 4 && text.substr(text.size() - 4, 3) == "e-0") text.erase(text.size() - 2, 1);
  return text;
}

bool is_finite(const AnyValueView& value) {
  return value.type != Type::kDouble || std::isfinite(value.double_value);
}

// Go's JSON encoder refuses a number that is not finite, and then nothing is printed at all.
bool has_json(const AnyValueView& value) {
  if (!is_finite(value)) return false;
  const bool is_list = value.type == Type::kArray;
  ElementReader elements(value);
  for (MessageBytes element; elements.next(&element);) {
    if (!has_json(AnyValueView::read(is_list ? element : KeyValueView::read(element).value))) {
      return false;
    }
  }
  return true;
}

// As Go's encoder without HTML: control characters, quotation marks, backslashes, U+2028, U+2029.
void append_go_string(std::string_view text, std::string* into) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  constexpr std::string_view kLetters = "btn-fr";  // of 8 to 13
  *into += '"';
  for (size_t i = 0; i < text.size(); i++) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0xe2) {
      *into += text[i];
    } else if (byte == 0xe2) {
      const std::string_view rest = text.substr(i, 3);
      const bool is_separator = rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9";
      *into += is_separator ? (rest[2] == '\xa8' ? "\\u2028" : "\\u2029") : text.substr(i, 1);
      if (is_separator) i += 2;
    } else if (byte == '"' || byte == '\\') {
      *into += '\\';
      *into += text[i];
    } else if (byte >= 8 && byte <= 13 && byte != 11) {
      *into += '\\';
      *into += kLetters[byte - 8u];
    } else {
      *into += "\\u00";
      *into += kHexDigits[byte >> 4];
      *into += kHexDigits[byte & 15];
    }
  }
  *into += '"';
}

void append_json(const AnyValueView& value, std::string* into);

// Sorted by key; of several entries with the same key the last one, as Go's map has it.
void append_json_map(const AnyValueView& value, std::string* into) {
  size_t count = 0;
  MessageBytes element;
  for (ElementReader elements(value); elements.next(&element);) count++;
  std::vector<MessageBytes> entries;
  entries.reserve(count);
  for (ElementReader elements(value); elements.next(&element);) entries.push_back(element);
  const auto key_of = [](MessageBytes entry) { return KeyValueView::read(entry).key; };
  std::ranges::sort(entries, [&](MessageBytes a, MessageBytes b) {
    const auto order = key_of(a) <=> key_of(b);
    return order != 0 ? order < 0 : a.data() < b.data();
  });
  *into += '{';
  bool is_first = true;
  for (size_t i = 0; i < entries.size(); i++) {
    const KeyValueView entry = KeyValueView::read(entries[i]);
    if (i + 1 < entries.size() && key_of(entries[i + 1]) == entry.key) continue;
    if (!is_first) *into += ',';
    is_first = false;
    append_go_string(entry.key, into);
    *into += ':';
    append_json(AnyValueView::read(entry.value), into);
  }
  *into += '}';
}

void append_json_list(const AnyValueView& value, std::string* into) {
  *into += '[';
  bool is_first = true;
  ElementReader elements(value);
  for (MessageBytes element; elements.next(&element);) {
    if (!is_first) *into += ',';
    is_first = false;
    append_json(AnyValueView::read(element), into);
  }
  *into += ']';
}

void append_json(const AnyValueView& value, std::string* into) {
  switch (value.type) {
    case Type::kEmpty:
      *into += "null";
      return;
    case Type::kString:
      return append_go_string(value.text, into);
    case Type::kBytes:
      return append_go_string(to_base64(value.text), into);
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
      return append_json_list(value, into);
    case Type::kKvlist:
      return append_json_map(value, into);
  }
}

}  // namespace

std::optional<std::string> to_json(const AnyValueView& value) {
  if (!has_json(value)) return std::nullopt;
  std::string text;
  append_json(value, &text);
  return text;
}

std::string to_text(const AnyValueView& value) {
  switch (value.type) {
    case Type::kEmpty:
      return "";
    case Type::kString:
      return std::string(value.text);
    case Type::kBytes:
      return to_base64(value.text);
    case Type::kDouble:
      if (std::isfinite(value.double_value)) break;
      if (std::isnan(value.double_value)) return "NaN";
      return value.double_value > 0 ? "Infinity" : "-Infinity";
    default:
      break;
  }
  std::string text;
  if (!has_json(value)) return text;
  append_json(value, &text);
  return text;
}

std::string_view ValueText::of(const AnyValueView& value) {
  if (value.type == Type::kString) return value.text;
  constexpr size_t kUnreservedBytes = 16 * 1024;
  const size_t bytes = (value.text.size() + value.members.size()) * kTextBytesPerByte;
  if (bytes > std::max(kUnreservedBytes, memory_.bytes()) && !failed()) {
    Reservation larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, bytes);
    if (!larger) failure_ = no_memory("making text of a value", bytes, work_.pool.budget());
    if (larger) memory_ = std::move(larger);
  }
  if (failed()) return {};
  work_.pace.step(bytes);
  const AllocationName name("term work");
  text_ = to_text(value);
  return text_;
}

}  // namespace millrace::otlp
