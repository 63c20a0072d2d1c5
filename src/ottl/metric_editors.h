// Functions that the editors of metrics share.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::ottl {

// AggregationTemporality of "delta" or "cumulative".
int64_t temporality_of(std::string_view name);

}  // namespace millrace::ottl
