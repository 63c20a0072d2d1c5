// The delta_to_cumulative processor (`deltatocumulative` of old): delta sums, histograms and
// exponential histograms become cumulative. Each point becomes the sum of its stream since its
// first point. A point that is older than its stream, not newer than the last one, or of a stream
// that finds no room is removed and counts as filtered. Gaps between points are ignored.
//
// A point that was refused behind the processor and comes again is removed as not newer; its values
// are in the sum, which the next point of the stream carries.
//
// One instance serves one pipeline on one worker; the instances of one pipeline share a Streams.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "pipeline/processor.h"
#include "processors/deltatocumulative/options.h"

namespace millrace::processors::deltatocumulative {

// The sums of the streams of one pipeline. Any thread; destroyed when no instance uses it.
class Streams;

struct Parts {
  const std::string& name;
  io::Loop& loop;
  Budget& budget;
  Logger& log;
  metrics::Registry& metrics;
};

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts);
std::unique_ptr<pipeline::Processor> make_delta_to_cumulative_processor(
    std::shared_ptr<Streams> streams, const Parts& parts);

}  // namespace millrace::processors::deltatocumulative
