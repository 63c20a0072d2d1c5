// The interval processor: of the points of a stream within an interval the latest one goes on, when
// the interval ends. It holds cumulative monotonic sums and histograms, gauges and summaries;
// everything else passes at once. A drain ends the interval.
//
// It holds one point of each stream; the others count as filtered at once. An interval is of one
// worker: a stream whose sender changes to another connection may have a point of each of two
// workers in that interval. One instance serves one pipeline on one worker.
#pragma once

#include <memory>

#include "interval_hold/interval_hold.h"
#include "pipeline/processor.h"
#include "processors/interval/options.h"

namespace millrace::processors::interval {

using interval_hold::Parts;

std::unique_ptr<pipeline::Processor> make_interval_processor(const Options& options,
                                                             const Parts& parts);

}  // namespace millrace::processors::interval
