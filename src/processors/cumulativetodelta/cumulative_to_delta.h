// The cumulative_to_delta processor (`cumulativetodelta` of old): monotonic sums, histograms and
// exponential histograms that are cumulative become deltas. Each point becomes its difference to
// the point before it; a first point, a point after a reset, and one that finds no room for its
// stream are removed and count as filtered.
//
// A request that is refused behind the processor comes again: a point with the time and the values
// of the last one gives the same difference again.
//
// One instance serves one pipeline on one worker; the instances of one pipeline share a Streams.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/processor.h"
#include "processors/cumulativetodelta/options.h"

namespace millrace::processors::cumulativetodelta {

// The last points of the streams of one pipeline. Any thread; destroyed when no instance uses it.
class Streams;

struct Parts {
  const std::string& name;
  io::Loop& loop;
  Budget& budget;
  Logger& log;
  metrics::Registry& metrics;
  const std::function<WallTime()>& wall_clock;
};

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts);
std::unique_ptr<pipeline::Processor> make_cumulative_to_delta_processor(
    std::shared_ptr<const Options> options, std::shared_ptr<Streams> streams, const Parts& parts);

}  // namespace millrace::processors::cumulativetodelta
