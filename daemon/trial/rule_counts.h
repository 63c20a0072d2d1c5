// How often the OTTL statements and conditions of a processor matched, changed something and
// failed, read from its metrics (src/rules/tally.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::trial {

struct RuleCounts {
  std::string rule;  // its text, or the beginning of it
  uint64_t matches = 0;
  uint64_t changes = 0;
  uint64_t errors = 0;
};

// `page`: the processor's metrics in Prometheus text format. In the order of the configuration;
// empty for a processor that counts none. Any thread.
std::vector<RuleCounts> rule_counts(std::string_view page);

}  // namespace millrace::trial
