// Times as text in the directives of strptime that otelcol has ("%Y-%m-%dT%H:%M:%S.%f%z").
//
// Thread safe after it was made. Names of months and days are English.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ottl/time_zone.h"

namespace millrace::ottl {

struct ZonedTime {
  int64_t unix_nano = 0;
  int zone_minutes = 0;  // east of UTC
};

class TimeFormat {
 public:
  // What is wrong with a format, or nothing.
  static std::optional<std::string> check(std::string_view format);
  // Precondition: check() finds nothing. `format` must outlive it.
  explicit TimeFormat(std::string_view format) : format_(format) {}

  // Reads the whole text. `now_unix_nano` gives the year where the format has none; `zone`
  // counts where the text names no zone (null: UTC). Digits may be fewer than the directive writes,
  // and blanks may stand before them.
  std::optional<ZonedTime> parse(std::string_view text, int64_t now_unix_nano,
                                 const TimeZone* zone = nullptr) const;
  std::string print(const ZonedTime& time) const;

 private:
  std::string_view format_;
};

}  // namespace millrace::ottl
