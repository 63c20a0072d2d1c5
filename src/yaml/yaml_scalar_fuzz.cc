// Compares the values of plain scalars with those of the C library and of exact arithmetic.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "yaml/scalar.h"

namespace {

using namespace millrace;

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

std::optional<int64_t> read_integer(std::string_view text) {
  if (text.starts_with('_')) return std::nullopt;
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  int base = 10;
  for (const auto& [mark, its_base] :
       {std::pair{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}, {"0", 8}}) {
    if (digits.size() < 2 || !digits.starts_with(mark)) continue;
    digits.erase(0, std::string_view(mark).size());
    base = its_base;
    break;
  }
  if (digits.empty()) return std::nullopt;
  __int128 value = 0;
  for (const char c : digits) {
    if (digit_value(c) >= base) return std::nullopt;
    value = std::min<__int128>(value * base + digit_value(c), __int128{1} << 70);
  }
  if (negative) value = -value;
  if (value > INT64_MAX || value < INT64_MIN) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = testing::FuzzInput(data, size).rest_text();
  MILLRACE_CHECK(yaml::to_integer(text) == read_integer(text));
  const auto number = yaml::to_number(text);
  if (const auto integer = yaml::to_integer(text)) {
    MILLRACE_CHECK(number == static_cast<double>(*integer));
  } else if (number && !std::isnan(*number) && !std::isinf(*number)) {
    std::string plain;
    for (const char c : text) {
      if (c != '_') plain += c;
    }
    char* end = nullptr;
    MILLRACE_CHECK(std::strtod(plain.c_str(), &end) == *number);
    MILLRACE_CHECK(*end == '\0' && end == plain.c_str() + plain.size());
  }
  MILLRACE_CHECK(!(yaml::to_boolean(text) && number));
  yaml::Node node;
  node.kind = yaml::Node::Kind::kScalar;
  node.scalar = text;
  MILLRACE_CHECK(yaml::is_text(node) == !(yaml::to_boolean(text) || number));
  node.quoted = true;
  MILLRACE_CHECK(yaml::is_text(node) && !yaml::to_integer(node));
  return 0;
}
