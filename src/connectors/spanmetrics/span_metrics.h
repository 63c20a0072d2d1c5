// The span_metrics connector (`spanmetrics` of old): spans in, metrics out. Spans are counted on
// the worker where they arrive; once an interval the first worker takes what every worker has,
// adds it up and emits it, so that each series has one writer.
//
// A batch of spans is delivered when it is counted. Metrics that the pipelines behind refuse are
// offered again until the next interval (delta: until they are taken, bounded). What was counted
// since the last interval is emitted when the process ends, where otelcol loses it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "connectors/spanmetrics/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "pipeline/connector.h"

namespace millrace::connectors::spanmetrics {

// Shared by the instances of one connector. Made before the loops run, destroyed after them.
class Shared;

struct Parts {
  io::Loop& loop;
  ChunkPool& pool;
  io::LongWork& long_work;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

// `name`: for the log. `instance_id`: of this process.
std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, std::string name,
                                    std::string instance_id, const Parts& parts);
// The first one that is made emits.
std::unique_ptr<pipeline::Exporter> make_span_metrics(std::shared_ptr<Shared> shared,
                                                      const Parts& parts);

}  // namespace millrace::connectors::spanmetrics
