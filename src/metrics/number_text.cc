#include "metrics/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace millrace::metrics {
namespace {

// Go's 'g' with the shortest precision uses an exponent outside these bounds.
constexpr int kExponentMin = -4;
constexpr int kExponentEnd = 6;
constexpr int64_t kPlainIntegerEnd = 1'000'000;
// Doubles below it are less than 1 apart, so the shortest digits of an integer are its own.
constexpr double kExactIntegerEnd = 9007199254740992.0;

char* write_text(char* into, std::string_view text) { return std::ranges::copy(text, into).out; }

// d.ddde+XX of an integer of at least seven digits.
char* write_large_integer(char* into, int64_t value) {
  if (value < 0) *into++ = '-';
  char digits[20] = {};
  const char* end =
      std::to_chars(digits, digits + sizeof digits, static_cast<uint64_t>(std::abs(value))).ptr;
  const auto exponent = static_cast<int>(end - digits) - 1;
  while (end[-1] == '0') --end;
  *into++ = digits[0];
  if (end - digits > 1) {
    *into++ = '.';
    into = std::copy<const char*>(digits + 1, end, into);
  }
  into = write_text(into, "e+");
  *into++ = static_cast<char>('0' + exponent / 10);
  *into++ = static_cast<char>('0' + exponent % 10);
  return into;
}

char* write_fraction(char* into, double value) {
  const auto scientific =
      std::to_chars(into, into + kNumberBytesMax, value, std::chars_format::scientific);
  const std::string_view shortest(into, static_cast<size_t>(scientific.ptr - into));
  const size_t e = shortest.find('e');
  int exponent = 0;
  const char* const digits = into + e + (shortest[e + 1] == '+' ? 2 : 1);
  std::from_chars(digits, scientific.ptr, exponent);
  if (exponent < kExponentMin || exponent >= kExponentEnd) return scientific.ptr;
  return std::to_chars(into, into + kNumberBytesMax, value, std::chars_format::fixed).ptr;
}

}  // namespace

char* write_number(char* into, double value) {
  if (std::abs(value) < kExactIntegerEnd) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value && (integer != 0 || !std::signbit(value))) {
      if (std::abs(integer) >= kPlainIntegerEnd) return write_large_integer(into, integer);
      return std::to_chars(into, into + kNumberBytesMax, integer).ptr;
    }
  }
  if (std::isnan(value)) return write_text(into, "NaN");
  if (std::isinf(value)) return write_text(into, value > 0 ? "+Inf" : "-Inf");
  return write_fraction(into, value);
}

void append_number(std::string& text, double value) {
  char number[kNumberBytesMax];
  text.append(number, static_cast<size_t>(write_number(number, value) - number));
}

}  // namespace millrace::metrics
