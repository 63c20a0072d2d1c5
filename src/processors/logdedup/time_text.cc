#include "processors/logdedup/time_text.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "ottl/civil_time.h"

namespace millrace::processors::logdedup {

std::string time_text(WallTime time, const Zone& zone) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
  const int64_t offset = zone == nullptr ? 0 : zone->offset_at(whole.count());
  const ottl::CivilTime local =
      ottl::to_civil(std::chrono::nanoseconds(whole + std::chrono::seconds(offset)).count(), 0);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", local.year, local.month,
                                 local.day, local.hour, local.minute, local.second);
  if (offset == 0) return text + "Z";
  const int64_t minutes = std::abs(offset) / 60;
  return text + fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace millrace::processors::logdedup
