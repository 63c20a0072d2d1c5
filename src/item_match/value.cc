#include "item_match/value.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "otlp/attribute_list.h"
#include "wire/writer.h"
#include "yaml/scalar.h"

namespace millrace::item_match {

namespace {

using otlp::AnyValueView;
using otlp::ElementReader;
using otlp::KeyValueView;
using otlp::MessageBytes;
using Type = AnyValueView::Type;

bool equal_arrays(const AnyValueView& wanted, const AnyValueView& value) {
  ElementReader left(wanted);
  ElementReader right(value);
  MessageBytes l;
  MessageBytes r;
  while (true) {
    const bool has_left = left.next(&l);
    if (has_left != right.next(&r)) return false;
    if (!has_left) return true;
    if (!equal_values(AnyValueView::read(l), AnyValueView::read(r))) return false;
  }
}

size_t count_elements(const AnyValueView& value) {
  size_t count = 0;
  ElementReader reader(value);
  for (MessageBytes element; reader.next(&element);) count++;
  return count;
}

bool equal_kvlists(const AnyValueView& wanted, const AnyValueView& value) {
  if (count_elements(wanted) != count_elements(value)) return false;
  ElementReader wanted_entries(wanted);
  for (MessageBytes wanted_entry; wanted_entries.next(&wanted_entry);) {
    const KeyValueView left = KeyValueView::read(wanted_entry);
    bool is_found = false;
    ElementReader entries(value);
    for (MessageBytes entry; !is_found && entries.next(&entry);) {
      const KeyValueView right = KeyValueView::read(entry);
      is_found = left.key == right.key &&
                 equal_values(AnyValueView::read(left.value), AnyValueView::read(right.value));
    }
    if (!is_found) return false;
  }
  return true;
}

// Go reads numbers with _ between digits, or behind 0x. Nothing: there is one in another place.
std::optional<std::string> without_underscores(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const auto is_digit = [&](size_t at) {
    if (at >= text.size()) return false;
    const auto c = static_cast<unsigned char>(text[at]);
    return is_hex ? std::isxdigit(c) != 0 || at == 1 : std::isdigit(c) != 0;
  };
  std::string plain;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return plain;
}

// The shortest text without an exponent.
std::string plain_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  return {digits.data(), end.ptr};
}

}  // namespace

std::optional<std::string> scalar_text(const AnyValueView& value) {
  switch (value.type) {
    case Type::kBool:
      return value.int_value != 0 ? "true" : "false";
    case Type::kInt:
      return std::to_string(value.int_value);
    case Type::kDouble:
      return plain_text(value.double_value);
    default:
      return std::nullopt;
  }
}

std::string encode_value(const yaml::Node& node) {
  using Kind = yaml::Node::Kind;
  wire::Writer writer(64);
  switch (node.kind) {
    case Kind::kNull:
      return "";
    case Kind::kScalar:
      if (const auto boolean = yaml::to_boolean(node)) return otlp::encode_bool_value(*boolean);
      if (const auto integer = yaml::to_integer(node)) return otlp::encode_int_value(*integer);
      if (const auto number = yaml::to_number(node)) return otlp::encode_double_value(*number);
      return otlp::encode_string_value(node.scalar);
    case Kind::kSequence: {
      const auto array = writer.open(5);
      for (const yaml::Node& element : node.sequence) writer.string_field(1, encode_value(element));
      writer.close(array);
      return writer.to_string();
    }
    case Kind::kMapping: {
      const auto list = writer.open(6);
      for (const yaml::Node::Entry& entry : node.mapping) {
        const auto key_value = writer.open(1);
        writer.string_field(1, entry.key);
        writer.string_field(2, encode_value(entry.value));
        writer.close(key_value);
      }
      writer.close(list);
      return writer.to_string();
    }
  }
  return "";
}

bool equal_values(const AnyValueView& wanted, const AnyValueView& value) {
  if (wanted.type != value.type) return false;
  switch (wanted.type) {
    case Type::kEmpty:
      return true;
    case Type::kString:
    case Type::kBytes:
      return wanted.text == value.text;
    case Type::kBool:
    case Type::kInt:
      return wanted.int_value == value.int_value;
    case Type::kDouble:
      return wanted.double_value == value.double_value;
    case Type::kArray:
      return equal_arrays(wanted, value);
    case Type::kKvlist:
      return equal_kvlists(wanted, value);
  }
  return false;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  // from_chars() does not know a leading +.
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_double(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const bool has_sign = is_negative || text.starts_with('+');
  if (has_sign) text.remove_prefix(1);
  if (text.empty() || text.front() == '-' || text.find('(') != text.npos) return std::nullopt;
  if (has_sign && (text.front() == 'n' || text.front() == 'N')) return std::nullopt;
  std::string plain;
  if (text.find('_') != text.npos) {
    auto joined = without_underscores(text);
    if (!joined) return std::nullopt;
    plain = std::move(*joined);
    text = plain;
  }
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);
  if (is_hex && text.find_first_of("pP") == text.npos) return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number,
                      is_hex ? std::chars_format::hex : std::chars_format::general);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars() does not say at which end.
    number = std::strtod((is_hex ? "0x" + std::string(text) : std::string(text)).c_str(), nullptr);
    if (std::isinf(number)) return std::nullopt;
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return is_negative ? -number : number;
}

std::optional<int32_t> parse_severity(std::string_view text) {
  if (const auto number = parse_integer(text)) {
    if (*number < 1 || *number > 24) return std::nullopt;
    return static_cast<int32_t>(*number);
  }
  std::string upper;
  for (const char c : text) {
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  constexpr std::array<std::string_view, 6> kNames = {"TRACE", "DEBUG", "INFO",
                                                      "WARN",  "ERROR", "FATAL"};
  for (size_t i = 0; i < kNames.size(); i++) {
    if (!upper.starts_with(kNames[i])) continue;
    const std::string_view rest = std::string_view(upper).substr(kNames[i].size());
    const auto first = static_cast<int32_t>(4 * i + 1);
    if (rest.empty()) return first;
    if (rest.size() == 1 && rest[0] >= '2' && rest[0] <= '4') return first + rest[0] - '1';
  }
  return std::nullopt;
}

}  // namespace millrace::item_match
