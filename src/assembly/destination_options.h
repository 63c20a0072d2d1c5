// From what users write about an exporter, and the batch processors of its pipelines, to what a
// destination does. Pure functions.
#pragma once

#include "assembly/plan.h"
#include "pipeline/options.h"

namespace millrace::assembly {

// `batch`: of the first pipeline of this signal that has a batch processor; null: none has.
pipeline::DestinationOptions destination_options(const ExporterPlan& exporter, Signal signal,
                                                 const config::BatchConfig* batch);

// The batch processor of the first pipeline of this signal with this exporter that has one; null:
// none has.
const ProcessorPlan* batch_processor_for(const Plan& plan, size_t exporter, Signal signal);

// How many requests each of the plan's queues has places for in memory. All places together may
// take a quarter of the budget: with small requests they would be as large as the requests.
uint64_t places_each(const Plan& plan);
// Keeps the queue to so many places. True when its capacity had to be made smaller: with storage it
// never is, for there it counts the requests on disk too.
bool limit_places(pipeline::QueueOptions& queue, uint64_t places_max, bool has_storage);

}  // namespace millrace::assembly
