// The `transform` processor: otelcol's OTTL statements as rope edits. What no statement changes
// stays the received bytes.
//
// One instance serves one pipeline on one worker. Stateless: nothing is held. Data points that
// statements join or drop are filtered, and those that they make are added.
// Errors: a statement that fails under error_mode `propagate` refuses the request
// (INVALID_ARGUMENT); otherwise only where the budget or the size of a message refuses
// (otlp/edit.h).
#pragma once

#include <memory>

#include "metrics/registry.h"
#include "pipeline/processor.h"
#include "pipeline/rule_steps.h"
#include "processors/transform/options.h"
#include "rules/environment.h"

namespace millrace::processors::transform {

// `options` and `tally` are shared by the workers; what the environment names must outlive the
// processor.
std::unique_ptr<pipeline::Processor> make_transform_processor(
    std::shared_ptr<const Options> options, Signal signal, std::shared_ptr<rules::Tally> tally,
    const rules::Environment& environment);
// The statements of that signal, for people; the environment must outlive the processors.
pipeline::RuleSteps transform_steps(std::shared_ptr<const Options> options, Signal signal,
                                    const rules::Environment& environment,
                                    metrics::Registry& registry, Logger& log);

}  // namespace millrace::processors::transform
