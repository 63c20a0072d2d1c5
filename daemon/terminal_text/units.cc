#include "daemon/terminal_text/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <string_view>

namespace millrace::terminal_text {
namespace {

// Three digits: "1.23", "12.3", "123".
std::string three_digits(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, value >= 9.995 ? 1 : 2);
}

}  // namespace

std::string count_text(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string short_count_text(double count) {
  constexpr std::string_view kUnits = " kMGT";
  size_t unit = 0;
  while (count >= 999.5 && unit + 1 < kUnits.size()) {
    count /= 1000;
    ++unit;
  }
  if (unit > 0) return three_digits(count) + kUnits[unit];
  if (count >= 9.95 || count == std::floor(count)) return fmt::format("{:.0f}", count);
  return fmt::format("{:.1f}", count);
}

std::string bytes_text(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const bool is_whole = value == std::floor(value);
  return (is_whole ? fmt::format("{:.0f}", value) : three_digits(value)) +
         std::string(kUnits[unit]);
}

std::string span_text(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", std::ceil(seconds * 1000));
  constexpr double kMost = 1e9;
  const auto whole = static_cast<uint64_t>(std::min(seconds, kMost) + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86'400, whole / 3600 % 24);
}

std::string clock_text(uint64_t unix_nanoseconds) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const auto seconds = static_cast<std::time_t>(unix_nanoseconds / kSecond);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                     unix_nanoseconds % kSecond / 1'000'000);
}

}  // namespace millrace::terminal_text
