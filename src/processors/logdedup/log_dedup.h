// The log_dedup processor (`logdedup` of old): of log records that are the same within an interval
// one goes on, with their count and the times of the first and the last. Two records are the same
// when resource, scope, attributes, body and severity are, or the fields that the options name.
// Records for which no condition of the options holds pass at once.
//
// It holds the first record of each kind until the interval ends; the others count as filtered at
// once. Counts are of one worker: senders on several connections may see a record for each worker,
// whose counts add up (design: state that merges stays where it arrives). One instance serves one
// pipeline on one worker.
#pragma once

#include <functional>
#include <memory>

#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/processor.h"
#include "processors/logdedup/options.h"
#include "rules/environment.h"
#include "rules/tally.h"

namespace millrace::processors::logdedup {

struct Parts {
  const std::string& name;
  io::Loop& loop;
  ChunkPool& pool;
  io::LongWork& long_work;
  Logger& log;
  metrics::Registry& metrics;
  const std::function<WallTime()>& wall_clock;
  pipeline::Outlet& outlet;
  // For conditions; null where there are none.
  std::shared_ptr<rules::Tally> tally = nullptr;
  rules::Environment environment = {};
};

std::unique_ptr<pipeline::Processor> make_log_dedup_processor(
    std::shared_ptr<const Options> options, const Parts& parts);

}  // namespace millrace::processors::logdedup
