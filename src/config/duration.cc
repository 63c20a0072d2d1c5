#include "config/duration.h"

#include <cstdint>

namespace millrace::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};
// Longer names first where one begins another.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\xc2\xb5s", 1'000},  {"\xce\xbcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One "12.5ms" at the start of `text`, which is advanced past it. Added to `*total` with checks.
bool take_term(std::string_view& text, int64_t* total) {
  int64_t whole = 0;
  size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, text[at] - '0', &whole)) {
      return false;
    }
  }
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') {
    const size_t first = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    fraction = text.substr(first, at - first);
  }
  if (at == 0 || text.substr(0, at) == ".") return false;
  text.remove_prefix(at);
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    // "m" must not swallow the start of "ms".
    if (unit.name == "m" && text.starts_with("ms")) continue;
    text.remove_prefix(unit.name.size());
    int64_t term = 0;
    if (__builtin_mul_overflow(whole, unit.nanoseconds, &term)) return false;
    // Rounded down, as Go does. The last digit first, so that nothing is lost on the way.
    int64_t part = 0;
    for (size_t i = fraction.size(); i-- > 0;) {
      part = (part + (fraction[i] - '0') * unit.nanoseconds) / 10;
    }
    return !__builtin_add_overflow(term, part, &term) &&
           !__builtin_add_overflow(*total, term, total);
  }
  return false;
}

// `value` / `scale` as a decimal without trailing zeros.
std::string decimal(uint64_t value, uint64_t scale) {
  std::string text = std::to_string(value / scale);
  uint64_t rest = value % scale;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    scale /= 10;
    text += static_cast<char>('0' + rest / scale);
    rest %= scale;
  }
  return text;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration(0);
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    if (!take_term(text, &total)) return std::nullopt;
  }
  return Duration(negative ? -total : total);
}

std::string to_text(Duration duration) {
  const int64_t count = duration.count();
  if (count == 0) return "0s";
  std::string text = count < 0 ? "-" : "";
  const uint64_t total =
      count < 0 ? 0 - static_cast<uint64_t>(count) : static_cast<uint64_t>(count);
  constexpr uint64_t kSecond = 1'000'000'000;
  if (total < 1'000) return text + std::to_string(total) + "ns";
  if (total < 1'000'000) return text + decimal(total, 1'000) + "\xc2\xb5s";
  if (total < kSecond) return text + decimal(total, 1'000'000) + "ms";
  const uint64_t hours = total / (3600 * kSecond);
  const uint64_t minutes = total / (60 * kSecond) % 60;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + decimal(total % (60 * kSecond), kSecond) + "s";
}

}  // namespace millrace::config
