#include "connectors/sum/source_value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "item_match/value.h"

namespace millrace::connectors::sum {
namespace {

using Type = otlp::AnyValueView::Type;

// As Go prints a float64 with %v: the shortest digits, with an exponent below 0.0001 and from
// 1e+06.
std::string text_of(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> room;
  char* const begin = room.data();
  char* const limit = begin + room.size();
  const auto scientific = std::to_chars(begin, limit, number, std::chars_format::scientific);
  const std::string_view text(begin, static_cast<size_t>(scientific.ptr - begin));
  int exponent = 0;
  const char* digits = text.data() + text.find('e') + 1;
  if (*digits == '+') ++digits;
  std::from_chars(digits, scientific.ptr, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(text);
  const auto fixed = std::to_chars(begin, limit, number, std::chars_format::fixed);
  return {begin, fixed.ptr};
}

}  // namespace

double number_of(const otlp::AnyValueView& value) {
  double number = 0;
  if (value.type == Type::kString) {
    number = item_match::parse_double(value.text).value_or(0);
  } else if (value.type == Type::kDouble) {
    number = value.double_value;
  } else if (value.type == Type::kInt) {
    number = static_cast<double>(value.int_value);
  }
  return std::isfinite(number) ? number : 0;
}

std::optional<std::string> label_of(const otlp::AnyValueView& value) {
  if (value.type == Type::kString && !value.text.empty()) return std::string(value.text);
  if (value.type == Type::kDouble && value.double_value != 0) return text_of(value.double_value);
  if (value.type == Type::kInt && value.int_value != 0) return fmt::to_string(value.int_value);
  return std::nullopt;
}

bool is_default(std::string_view any_value) {
  const auto view = otlp::AnyValueView::read(as_span(any_value));
  return (view.type == Type::kString && !view.text.empty()) ||
         (view.type == Type::kDouble && view.double_value != 0) ||
         (view.type == Type::kInt && view.int_value != 0);
}

}  // namespace millrace::connectors::sum
