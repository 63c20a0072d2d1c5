// The `attributes` processor (spans, log records, data points) and the `resource` processor
// (resources of every signal): otelcol's actions as rope edits. What no action changes stays the
// received bytes.
//
// One instance serves one pipeline on one worker. Stateless: nothing is held, nothing filtered. An
// error only where the budget or the size of a message refuses (otlp/edit.h).
#pragma once

#include <memory>

#include "pipeline/processor.h"
#include "pipeline/rule_steps.h"
#include "processors/attributes/options.h"

namespace millrace::processors::attributes {

std::unique_ptr<pipeline::Processor> make_attributes_processor(const Options& options);
std::unique_ptr<pipeline::Processor> make_resource_processor(const Options& options);
// Their actions, for people.
pipeline::RuleSteps attributes_steps(const Options& options);
pipeline::RuleSteps resource_steps(const Options& options);

}  // namespace millrace::processors::attributes
