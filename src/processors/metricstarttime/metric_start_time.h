// The metric_start_time processor (`metricstarttime` of old): cumulative points without a start
// (none, or one equal to their time) get one. Sums, histograms, exponential histograms and
// summaries; all else passes. With subtract_initial_point the first point of a stream is removed
// and counts as filtered. Points of streams that find no room pass unchanged.
//
// One instance serves one pipeline on one worker; the instances of one pipeline share a Streams.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "pipeline/processor.h"
#include "processors/metricstarttime/options.h"

namespace millrace::processors::metricstarttime {

// The states of the streams of one pipeline. Any thread; destroyed when no instance uses it.
class Streams;

struct Parts {
  const std::string& name;
  io::Loop& loop;
  Budget& budget;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
};

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts);
std::unique_ptr<pipeline::Processor> make_metric_start_time_processor(
    const Options& options, std::shared_ptr<Streams> streams, const Parts& parts);

}  // namespace millrace::processors::metricstarttime
