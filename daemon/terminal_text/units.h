// Numbers as a person reads them. Pure functions, but for the time zone of clock_text().
#pragma once

#include <cstdint>
#include <string>

namespace millrace::terminal_text {

// "1,234,567"
std::string count_text(uint64_t count);
// Numbers of an answer may be any: beyond the limits the result is the limit.
constexpr uint64_t magnitude(int64_t number) {
  return number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
}
constexpr int64_t sum_of(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}
// "999", "12.3k", "4.56M": three digits.
std::string short_count_text(double count);
// "0 B", "1.5 KiB", "64 MiB"
std::string bytes_text(uint64_t bytes);
// "450 ms", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; negative ones count as 0.
std::string span_text(double seconds);
// "12:03:04.123" of the local time zone; nanoseconds since 1970.
std::string clock_text(uint64_t unix_nanoseconds);

}  // namespace millrace::terminal_text
