// What reading and printing of times share. Inside of time_text.h.
#pragma once

#include <array>
#include <string_view>

namespace millrace::ottl {

inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

inline constexpr size_t kWholeName = std::string_view::npos;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A fraction of a second with 3, 6 or 9 digits.
constexpr bool is_fraction(char directive) {
  return directive == 'L' || directive == 'f' || directive == 's';
}
constexpr size_t fraction_digits(char directive) {
  return directive == 'L' ? 3 : directive == 'f' ? 6 : 9;
}
// Whether the format begins with a fraction and the point or comma before it.
constexpr bool begins_with_fraction(std::string_view format) {
  return format.size() >= 3 && (format[0] == '.' || format[0] == ',') && format[1] == '%' &&
         is_fraction(format[2]);
}

// A directive that stands for others; empty: it stands for itself.
constexpr std::string_view expansion(char directive) {
  switch (directive) {
    case 'D':
    case 'x':
      return "%m/%d/%Y";
    case 'F':
      return "%Y-%m-%d";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'r':
      return "%I:%M:%S %P";
    case 'R':
      return "%H:%M";
    case 'c':
      return "%a %b %d %H:%M:%S %Y";
    default:
      return {};
  }
}

}  // namespace millrace::ottl
