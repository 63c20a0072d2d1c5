// The rule at the end of a file of the time zone database, which says when clocks change from the
// last listed change on (RFC 8536, section 3.3; TZ of POSIX): "CET-1CEST,M3.5.0,M10.5.0/3".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::ottl {

// "M3.5.0/2": the last Sunday of March at two o'clock local time.
struct ZoneChange {
  int month = 1;
  int week = 1;                   // 5: the last one
  int weekday = 0;                // 0 is Sunday
  int64_t second_of_day = 7'200;  // may be negative or beyond a day

  // Of that year; `offset` is the one before the change, in seconds east of UTC.
  int64_t unix_seconds(int year, int64_t offset) const;
};

struct ZoneRule {
  int64_t standard_offset = 0;  // seconds east of UTC
  int64_t summer_offset = 0;
  ZoneChange to_summer;
  ZoneChange to_standard;
};

// Nothing for a zone without summer time and for other forms of dates ("J60"). Pure.
std::optional<ZoneRule> parse_zone_rule(std::string_view text);

}  // namespace millrace::ottl
