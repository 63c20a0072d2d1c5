// The `redaction` processor: otelcol's rules on the attributes of resources, scopes, spans, span
// events, log records and data points, and on the bodies of log records, as rope edits. What no
// rule changes stays the received bytes.
//
// One instance serves one pipeline on one worker. Stateless: nothing is held, nothing filtered. An
// error only where the budget or the size of a message refuses (otlp/edit.h). Cost: one search in
// the bytes of each item where Options::bytes_tell, otherwise one in each value; a change costs
// about what the changed item costs to write.
#pragma once

#include <memory>

#include "pipeline/processor.h"
#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

std::unique_ptr<pipeline::Processor> make_redaction_processor(const Options& options);

}  // namespace millrace::processors::redaction
