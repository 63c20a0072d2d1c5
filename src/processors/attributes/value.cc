#include "processors/attributes/value.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "otlp/attribute_list.h"
#include "wire/writer.h"
#include "yaml/scalar.h"

namespace millrace::processors::attributes {

namespace {

using otlp::AnyValueView;
using otlp::ElementReader;
using otlp::KeyValueView;
using otlp::MessageBytes;
using Type = AnyValueView::Type;

std::string sha256_text(std::string_view bytes) {
  if (bytes.empty()) return "";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return "";
  }
  std::string text;
  for (unsigned i = 0; i < size; i++) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string_view eight_bytes(const void* number) { return {static_cast<const char*>(number), 8}; }

// The whole text as a number, as Go's strconv reads it: a leading + is allowed, blanks are not.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return number;
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
    const auto number = parse_number<int64_t>(value.text);
    return number ? std::optional(otlp::encode_int_value(*number)) : std::nullopt;
  }
  const auto number = parse_number<double>(value.text);
  return number ? std::optional(otlp::encode_double_value(*number)) : std::nullopt;
}

}  // namespace millrace::processors::attributes
