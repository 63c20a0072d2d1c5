// Small texts of a record's line: times, names, and what must be UTF-8. Thread safe: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"

namespace millrace::dead_letter {

// "2026-11-22T20:15:30.123456789Z".
std::string time_text(WallTime time);
// The same back; fewer or no digits behind the seconds are fine, other zones are not.
std::optional<WallTime> parse_time(std::string_view text);

// "INVALID_ARGUMENT"; kUnknown for any other word.
Code parse_code(std::string_view name);
std::optional<Signal> parse_signal(std::string_view name);

}  // namespace millrace::dead_letter
