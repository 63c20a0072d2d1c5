#include "dead_letter/line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace millrace::dead_letter {
namespace {

// Reads a text that consists of digits only.
bool parse_number(std::string_view digits, int64_t* into) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return false;
  }
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), *into);
  return read.ec == std::errc();
}

}  // namespace

std::string time_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(time - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<size_t>(size)};
}

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || !text.ends_with('Z')) return std::nullopt;
  for (const size_t at : {4, 7, 10, 13, 16}) {
    if (text[at] != kShape[at]) return std::nullopt;
  }
  std::array<int64_t, 6> parts{};
  constexpr std::array<size_t, 6> kStarts = {0, 5, 8, 11, 14, 17};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parse_number(text.substr(kStarts[i], i == 0 ? 4 : 2), &parts[i])) return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(parts[0])),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2])));
  // The range of nanoseconds in 64 bits.
  if (!date.ok() || parts[0] < 1678 || parts[0] > 2261) return std::nullopt;
  if (parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
  std::string_view fraction = text.substr(kShape.size());
  fraction.remove_suffix(1);
  int64_t nanoseconds = 0;
  if (!fraction.empty()) {
    std::string digits(fraction.substr(1));
    if (fraction[0] != '.' || digits.size() > 9) return std::nullopt;
    if (!parse_number(digits, &nanoseconds)) return std::nullopt;
    for (size_t size = digits.size(); size < 9; ++size) nanoseconds *= 10;
  }
  return WallTime(std::chrono::sys_days(date)) + parts[3] * 1h + parts[4] * 1min + parts[5] * 1s +
         Duration(nanoseconds);
}

Code parse_code(std::string_view name) {
  for (uint8_t number = 0; number <= static_cast<uint8_t>(Code::kUnauthenticated); ++number) {
    if (code_name(static_cast<Code>(number)) == name) return static_cast<Code>(number);
  }
  return Code::kUnknown;
}

std::optional<Signal> parse_signal(std::string_view name) {
  for (const Signal signal : kSignals) {
    if (signal_name(signal) == name) return signal;
  }
  return std::nullopt;
}

}  // namespace millrace::dead_letter
