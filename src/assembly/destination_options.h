// From what users write about an exporter, and the batch processors of its pipelines, to what a
// destination does. Pure function.
#pragma once

#include "assembly/plan.h"
#include "pipeline/options.h"

namespace millrace::assembly {

// `batch`: of the first pipeline of this signal that has a batch processor; null: none has.
pipeline::DestinationOptions destination_options(const ExporterPlan& exporter, Signal signal,
                                                 const config::BatchConfig* batch);

}  // namespace millrace::assembly
