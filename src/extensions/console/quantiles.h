// The quantiles of what two counts of one histogram differ by.
#pragma once

#include <optional>

#include "base/log_histogram.h"
#include "extensions/console/source.h"

namespace millrace::extensions::console {

// Of what was recorded since `before`; null: since the beginning. Nothing: nothing was recorded.
inline std::optional<DestinationState::Quantiles> quantiles_since(
    LogHistogram::Counts now, const LogHistogram::Counts* before) {
  for (size_t i = 0; before != nullptr && i < now.size(); ++i) now[i] -= (*before)[i];
  const auto p50 = LogHistogram::quantile(now, 0.5);
  const auto p99 = LogHistogram::quantile(now, 0.99);
  return p50 ? std::optional(DestinationState::Quantiles{*p50, *p99}) : std::nullopt;
}

}  // namespace millrace::extensions::console
