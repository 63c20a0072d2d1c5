#include "yaml/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

namespace millrace::yaml {
namespace {

std::string without_underscores(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (c != '_') plain.push_back(c);
  }
  return plain;
}

bool is_plain(const Node& node) { return node.kind == Node::Kind::kScalar && !node.quoted; }

}  // namespace

std::optional<bool> to_boolean(std::string_view plain) {
  if (plain == "true" || plain == "True" || plain == "TRUE") return true;
  if (plain == "false" || plain == "False" || plain == "FALSE") return false;
  return std::nullopt;
}

std::optional<int64_t> to_integer(std::string_view plain) {
  if (plain.empty() || plain.front() == '_') return std::nullopt;
  std::string digits = without_underscores(plain);
  std::string_view rest = digits;
  bool negative = false;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char mark = rest[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    rest.remove_prefix(base == 8 && mark != 'o' && mark != 'O' ? 1 : 2);
  }
  if (rest.empty()) return std::nullopt;
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), magnitude, base);
  if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<double> to_number(std::string_view plain) {
  if (const auto integer = to_integer(plain)) return static_cast<double>(*integer);
  std::string_view rest = plain;
  double sign = 1;
  if (rest.starts_with('-') || rest.starts_with('+')) {
    sign = rest.front() == '-' ? -1 : 1;
    rest.remove_prefix(1);
  }
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (plain == ".nan" || plain == ".NaN" || plain == ".NAN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  // from_chars also reads "inf" and "nan", which are text in YAML.
  if (rest.empty() || !(rest[0] == '.' || (rest[0] >= '0' && rest[0] <= '9'))) return std::nullopt;
  const std::string digits = without_underscores(rest);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                            std::chars_format::general);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return sign * value;
}

std::optional<bool> to_boolean(const Node& node) {
  return is_plain(node) ? to_boolean(node.scalar) : std::nullopt;
}
std::optional<int64_t> to_integer(const Node& node) {
  return is_plain(node) ? to_integer(node.scalar) : std::nullopt;
}
std::optional<double> to_number(const Node& node) {
  return is_plain(node) ? to_number(node.scalar) : std::nullopt;
}

bool is_text(const Node& node) {
  return node.kind == Node::Kind::kScalar && !to_boolean(node) && !to_number(node);
}

}  // namespace millrace::yaml
