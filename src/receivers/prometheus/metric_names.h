// What Prometheus writes into names and OpenTelemetry does not. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace millrace::receivers::prometheus {

// The unit as UCUM has it: "seconds" becomes "s"; words that it does not know stay.
std::string_view ucum_of(std::string_view unit);
// The name without `_total`, for sums, and without the unit.
std::string trim_suffixes(std::string_view name, bool is_sum, std::string_view unit);
// The name without _bucket, _count, _sum, _total or _info; itself when it has none of them.
std::string_view trim_family_suffix(std::string_view name);

}  // namespace millrace::receivers::prometheus
