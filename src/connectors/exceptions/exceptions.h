// The exceptions connector: spans in, logs or metrics or both out. An event named "exception" of a
// span becomes a log record, and counts in the metric `exceptions`.
//
// A batch of spans is delivered when the pipelines behind have its log records, and its exceptions
// are counted then. The metric is emitted every kEmissionInterval by the first worker, and when
// the process ends, where otelcol emits all series behind each batch.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "connectors/exceptions/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "pipeline/connector.h"

namespace millrace::connectors::exceptions {

inline constexpr Duration kEmissionInterval = 10s;

// Shared by the instances of one connector. Made before the loops run, destroyed after them.
class Shared;

struct Parts {
  const std::string& name;
  io::Loop& loop;
  io::LongWork& long_work;
  Budget& budget;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

std::shared_ptr<Shared> make_shared(std::shared_ptr<const Options> options, const Parts& parts);
// The first one that is made emits.
std::unique_ptr<pipeline::Exporter> make_exceptions(std::shared_ptr<Shared> shared,
                                                    const Parts& parts);

}  // namespace millrace::connectors::exceptions
