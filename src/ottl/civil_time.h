// Instants as calendar fields in the proleptic Gregorian calendar, as Go's time has them. Pure
// functions.
#pragma once

#include <cstdint>
#include <optional>

namespace millrace::ottl {

struct CivilTime {
  int64_t year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int weekday = 4;  // 0 is Sunday
};

// `zone_minutes` east of UTC.
CivilTime to_civil(int64_t unix_nano, int zone_minutes);
// Nothing when a field is out of its range or the instant does not fit; the weekday is ignored.
std::optional<int64_t> to_unix_nano(const CivilTime& time, int64_t zone_seconds);

// As Go's Time.Truncate: counts from the year 1. Precondition: the result fits.
int64_t truncate_time(int64_t unix_nano, int64_t duration_nanoseconds);

}  // namespace millrace::ottl
