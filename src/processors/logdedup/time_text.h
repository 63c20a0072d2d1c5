// Times as text in a time zone. Pure functions.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "ottl/time_zone.h"

namespace millrace::processors::logdedup {

// Null: UTC.
using Zone = std::shared_ptr<const ottl::TimeZone>;

// "2024-10-04T15:21:47Z" or with "+02:00", as Go's time.RFC3339.
std::string time_text(WallTime time, const Zone& zone);

}  // namespace millrace::processors::logdedup
