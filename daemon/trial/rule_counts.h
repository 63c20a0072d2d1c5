// How often the OTTL statements and conditions of a processor matched, changed something and
// failed, read from its metrics (src/rules/tally.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/registry.h"

namespace millrace::trial {

struct RuleCounts {
  std::string rule;  // its text, or the beginning of it
  uint64_t matches = 0;
  uint64_t changes = 0;
  uint64_t errors = 0;
};

// `metrics`: those of the processor. In the order of the configuration; empty for a processor that
// counts none. Any thread.
std::vector<RuleCounts> rule_counts(const std::vector<metrics::MetricValue>& metrics);

}  // namespace millrace::trial
