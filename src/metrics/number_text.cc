#include "metrics/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>

namespace millrace::metrics {
namespace {

// Go's 'g' with the shortest precision uses an exponent outside these bounds.
constexpr int kExponentMin = -4;
constexpr int kExponentEnd = 6;

}  // namespace

void append_number(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  // The longest result is "-2.2250738585072014e-308".
  char digits[32] = {};
  const auto scientific =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  const std::string_view shortest(digits, static_cast<size_t>(scientific.ptr - digits));
  const int exponent = std::atoi(digits + shortest.find('e') + 1);
  if (exponent < kExponentMin || exponent >= kExponentEnd) {
    text += shortest;
    return;
  }
  char plain[32];
  const auto fixed = std::to_chars(plain, plain + sizeof plain, value, std::chars_format::fixed);
  text.append(plain, static_cast<size_t>(fixed.ptr - plain));
}

}  // namespace millrace::metrics
