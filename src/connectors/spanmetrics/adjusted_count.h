// How many spans a sampled span stands for: `ot=th:…` in its trace state (OpenTelemetry,
// "TraceState: probability sampling").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"

namespace millrace::connectors::spanmetrics {

// The part of spans that were dropped, of 2^56; nothing where the trace state does not say.
std::optional<uint64_t> rejection_threshold(std::string_view trace_state);

struct AdjustedCount {
  uint64_t count = 1;
  bool is_adjusted = false;
};
// A count that is no integer is rounded at random, so that sums are right.
AdjustedCount adjusted_count(std::string_view trace_state, Random& random);

}  // namespace millrace::connectors::spanmetrics
