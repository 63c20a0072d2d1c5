#include "metrics/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
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

// The digits in front of and behind the point, which stands at `exponent`, without one.
char* write_plain(char* into, std::string_view digits, int exponent) {
  if (exponent < 0) {
    into =
        write_text(into, std::string_view("0.0000").substr(0, static_cast<size_t>(1 - exponent)));
    return write_text(into, digits);
  }
  const auto whole = static_cast<size_t>(exponent) + 1;
  into = write_text(into, digits.substr(0, whole));
  *into++ = '.';
  return write_text(into, digits.substr(whole));
}

// Precondition: finite, and no integer below kExactIntegerEnd.
char* write_fraction(char* into, double value) {
  const char* const end =
      std::to_chars(into, into + kNumberBytesMax, value, std::chars_format::scientific).ptr;
  const std::string_view shortest(into, static_cast<size_t>(end - into));
  const size_t e = shortest.find('e');
  int exponent = 0;
  std::from_chars(into + e + (shortest[e + 1] == '+' ? 2 : 1), end, exponent);
  if (exponent < kExponentMin || exponent >= kExponentEnd) return into + shortest.size();
  char digits[kNumberBytesMax] = {};
  size_t count = 0;
  for (const char c : shortest.substr(0, e)) {
    if (c != '-' && c != '.') digits[count++] = c;
  }
  if (value < 0) ++into;
  return write_plain(into, {digits, count}, exponent);
}

}  // namespace

char* write_number(char* into, double value) {
  if (std::abs(value) < kExactIntegerEnd) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value) {
      if (integer == 0 && std::signbit(value)) return write_text(into, "-0");
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
