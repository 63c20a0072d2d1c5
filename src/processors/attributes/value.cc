#include "processors/attributes/value.h"

#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <limits>

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
  const auto number = item_match::parse_double(value.text);
  return number ? std::optional(otlp::encode_double_value(*number)) : std::nullopt;
}

}  // namespace millrace::processors::attributes
