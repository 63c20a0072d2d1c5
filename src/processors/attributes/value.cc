#include "processors/attributes/value.h"

#include <openssl/evp.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "item_match/value.h"
#include "otlp/attribute_list.h"
#include "otlp/json/text_values.h"

namespace millrace::processors::attributes {

namespace {

using otlp::AnyValueView;
using Type = AnyValueView::Type;

std::string sha256_text(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return "";
  }
  std::string text;
  otlp::json::append_hex({digest.data(), size}, &text);
  return text;
}

std::string_view eight_bytes(const void* number) { return {static_cast<const char*>(number), 8}; }

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

// The whole text as a number, as Go's strconv.ParseFloat reads it: also "inf", "0x1p-2" and numbers
// nearer to zero than a double; nothing for numbers beyond the largest one.
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

int64_t truncated(double number) {
  // What Go leaves to the machine is pinned to the ends of the range here.
  if (std::isnan(number)) return 0;
  if (number >= 9223372036854775808.0) return std::numeric_limits<int64_t>::max();
  if (number < -9223372036854775808.0) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

}  // namespace

std::string hash_value(const AnyValueView& value) {
  switch (value.type) {
    case Type::kString:
      return sha256_text(value.text);
    case Type::kBool:
      return sha256_text(value.int_value != 0 ? std::string_view("\x01", 1)
                                              : std::string_view("\x00", 1));
    case Type::kInt:
      return sha256_text(eight_bytes(&value.int_value));
    case Type::kDouble:
      return sha256_text(eight_bytes(&value.double_value));
    default:
      return "";
  }
}

std::optional<std::string> convert_value(const AnyValueView& value, Action::Target target) {
  using Target = Action::Target;
  if (target == Target::kString) {
    if (value.type == Type::kString) return std::nullopt;
    return otlp::encode_string_value(otlp::to_text(value));
  }
  const bool to_int = target == Target::kInt;
  switch (value.type) {
    case Type::kBool:
      return to_int ? otlp::encode_int_value(value.int_value)
                    : otlp::encode_double_value(static_cast<double>(value.int_value));
    case Type::kInt:
      if (to_int) return std::nullopt;
      return otlp::encode_double_value(static_cast<double>(value.int_value));
    case Type::kDouble:
      if (!to_int) return std::nullopt;
      return otlp::encode_int_value(truncated(value.double_value));
    case Type::kString:
      break;
    default:
      return std::nullopt;
  }
  if (to_int) {
    const auto number = item_match::parse_integer(value.text);
    return number ? std::optional(otlp::encode_int_value(*number)) : std::nullopt;
  }
  const auto number = parse_double(value.text);
  return number ? std::optional(otlp::encode_double_value(*number)) : std::nullopt;
}

}  // namespace millrace::processors::attributes
