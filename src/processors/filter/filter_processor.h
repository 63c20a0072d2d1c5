// The `filter` processor: removes what otelcol's conditions mean, as rope edits. What is kept stays
// the received bytes.
//
// As in otelcol, resources, scopes and metrics that are left without a child are removed too.
// One instance serves one pipeline on one worker. Stateless: nothing is held. Errors: a condition
// that fails under error_mode `propagate` refuses the request (INVALID_ARGUMENT); otherwise only
// where the budget refuses (otlp/edit.h).
#pragma once

#include <memory>

#include "metrics/registry.h"
#include "pipeline/processor.h"
#include "pipeline/rule_steps.h"
#include "processors/filter/options.h"
#include "rules/environment.h"

namespace millrace::processors::filter {

// `options` and `tally` are shared by the workers.
struct FilterParts {
  std::string name;  // "filter/a"
  Signal signal = Signal::kTraces;
  std::shared_ptr<const Options> options;
  std::shared_ptr<rules::Tally> tally;
  metrics::Registry& metrics;
  rules::Environment environment = {};
};
std::unique_ptr<pipeline::Processor> make_filter_processor(const FilterParts& parts);
// The conditions of `parts.signal`, for people; none for `include` and `exclude`. `parts.tally` is
// not used.
pipeline::RuleSteps filter_steps(const FilterParts& parts, Logger& log);

}  // namespace millrace::processors::filter
