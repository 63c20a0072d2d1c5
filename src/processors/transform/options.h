// The configuration of the `transform` processor: otelcol's keys, names, defaults and rules.
// Immutable once read. Reading is for start-up, one thread; the result may be used from any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/signal.h"
#include "config/section.h"
#include "rules/rule.h"
#include "rules/tally.h"

namespace millrace::processors::transform {

struct Options {
  std::array<std::vector<rules::StatementGroup>, kSignalCount> groups;  // by index_of(signal)
  std::array<std::vector<std::string>, kSignalCount> texts;             // of the statements
  // How many statements have metrics; not otelcol's.
  int64_t statement_metrics = rules::kShownRulesDefault;
};

void read_options(config::Section& section, Options* options);

}  // namespace millrace::processors::transform
