// The `span` processor: otelcol's rules for names and the status of spans, as rope edits. What no
// rule changes stays the received bytes.
//
// One instance serves one pipeline on one worker. Stateless: nothing is held, nothing filtered. An
// error only where the budget or the size of a message refuses (otlp/edit.h).
#pragma once

#include <memory>

#include "pipeline/processor.h"
#include "processors/span/options.h"

namespace millrace::processors::span {

std::unique_ptr<pipeline::Processor> make_span_processor(const Options& options);

}  // namespace millrace::processors::span
