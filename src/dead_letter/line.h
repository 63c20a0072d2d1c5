// Small texts of a record's line: times, names, and text that must be UTF-8. Thread safe: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"

namespace millrace::dead_letter {

// Formats "2026-11-22T20:15:30.123456789Z".
std::string time_text(WallTime time);
// Parses that format. Fewer or no digits behind the seconds are allowed, other time zones are not.
std::optional<WallTime> parse_time(std::string_view text);

// Parses "INVALID_ARGUMENT"; any other word gives kUnknown.
Code parse_code(std::string_view name);
std::optional<Signal> parse_signal(std::string_view name);

}  // namespace millrace::dead_letter
