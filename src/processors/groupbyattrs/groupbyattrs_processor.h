// The `groupbyattrs` processor for spans, log records and data points. Items that keep their
// attributes and their neighbours stay slices of the received bytes.
//
// As in otelcol a resource keeps its attributes only, schema URLs are lost, and so are resources,
// scopes and metrics without items. One instance serves one pipeline on one worker. Stateless:
// nothing is held, nothing filtered. An error only where the budget or the size of a message
// refuses.
#pragma once

#include <memory>

#include "pipeline/processor.h"
#include "processors/groupbyattrs/options.h"

namespace millrace::processors::groupbyattrs {

std::unique_ptr<pipeline::Processor> make_groupbyattrs_processor(const Options& options);

}  // namespace millrace::processors::groupbyattrs
