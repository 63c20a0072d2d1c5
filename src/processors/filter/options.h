// The configuration of the `filter` processor: otelcol's keys, names, defaults and rules. Immutable
// once read. Reading is for start-up, one thread; the result may be used from any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/signal.h"
#include "config/section.h"
#include "processors/filter/include_exclude.h"
#include "rules/rule.h"
#include "rules/tally.h"

namespace millrace::processors::filter {

// The rules for one signal.
struct SignalRules {
  std::vector<std::vector<rules::ConditionList>> sets;
  IncludeExclude include_exclude;  // without effect beside sets
  std::vector<std::string> texts;  // of the conditions
};

struct Options {
  std::array<SignalRules, kSignalCount> signals;  // by index_of(signal)
  // How many conditions have metrics; not otelcol's.
  int64_t condition_metrics = rules::kShownRulesDefault;
};

void read_options(config::Section& section, Options* options);

// FAILED_PRECONDITION: `spans` has a property that spans do not have.
Status check_signal(const Options& options, Signal signal);

}  // namespace millrace::processors::filter
