#include "ottl/civil_time.h"

#include <chrono>

namespace millrace::ottl {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

CivilTime to_civil(int64_t unix_nano, int zone_minutes) {
  const int64_t unix_seconds = floor_divide(unix_nano, kNanosecondsPerSecond);
  const int64_t local_seconds = unix_seconds + int64_t{zone_minutes} * 60;
  const int64_t days = floor_divide(local_seconds, kSecondsPerDay);
  const auto second_of_day = static_cast<int>(local_seconds - days * kSecondsPerDay);
  const std::chrono::sys_days date{std::chrono::days(days)};
  const std::chrono::year_month_day calendar(date);
  CivilTime time;
  time.year = static_cast<int>(calendar.year());
  time.month = static_cast<int>(static_cast<unsigned>(calendar.month()));
  time.day = static_cast<int>(static_cast<unsigned>(calendar.day()));
  time.hour = second_of_day / 3600;
  time.minute = second_of_day / 60 % 60;
  time.second = second_of_day % 60;
  time.nanosecond = static_cast<int>(unix_nano - unix_seconds * kNanosecondsPerSecond);
  time.weekday = static_cast<int>(std::chrono::weekday(date).c_encoding());
  return time;
}

std::optional<int64_t> to_unix_nano(const CivilTime& time, int64_t zone_seconds) {
  if (time.year < 0 || time.year > 9999 || time.month < 1 || time.month > 12) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(time.year)),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  if (!date.ok() || time.hour < 0 || time.hour > 23 || time.minute < 0 || time.minute > 59 ||
      time.second < 0 || time.second > 59) {
    return std::nullopt;
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds =
      days * kSecondsPerDay + time.hour * 3600 + time.minute * 60 + time.second - zone_seconds;
  constexpr int64_t kSecondsMax = INT64_MAX / kNanosecondsPerSecond - 1;
  if (seconds > kSecondsMax || seconds < -kSecondsMax) return std::nullopt;
  return seconds * kNanosecondsPerSecond + time.nanosecond;
}

int64_t truncate_time(int64_t unix_nano, int64_t duration_nanoseconds) {
  if (duration_nanoseconds <= 0) return unix_nano;
  // Nanoseconds between the year 1 and 1970 do not fit 64 bits.
  __extension__ using Wide = __int128;
  constexpr int64_t kSecondsToEpoch = 62'135'596'800;
  const Wide since_year_one =
      static_cast<Wide>(kSecondsToEpoch) * kNanosecondsPerSecond + static_cast<Wide>(unix_nano);
  const auto past = static_cast<int64_t>(since_year_one % duration_nanoseconds);
  return unix_nano - past;
}

}  // namespace millrace::ottl
