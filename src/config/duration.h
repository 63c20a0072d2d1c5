// Durations as Go writes them, the syntax of every duration in otelcol's YAML. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::config {

// "300ms", "1.5h", "1m30s", "-2s", "0". Units: ns, us (µs), ms, s, m, h. Empty for anything else,
// also beyond the range of int64 nanoseconds (292 years).
std::optional<Duration> parse_duration(std::string_view text);

// As Go prints it: "1m30s", "1.5s", "250ms", "0s".
std::string to_text(Duration duration);

}  // namespace millrace::config
