// The count connector: counts the items of each batch that match conditions, and hands the counts
// on as metrics (delta sums). A batch is delivered when the pipelines behind have its counts.
//
// One instance for one signal on one worker. A condition that fails counts as not met.
#pragma once

#include <functional>
#include <memory>

#include "base/log.h"
#include "connectors/count/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "pipeline/connector.h"

namespace millrace::connectors::count {

struct Parts {
  io::Loop& loop;
  io::LongWork& long_work;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

std::unique_ptr<pipeline::Exporter> make_count(std::shared_ptr<const Options> options,
                                               const Parts& parts);

}  // namespace millrace::connectors::count
