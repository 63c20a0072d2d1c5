// A connector whose batches become totals. One instance for one signal on one worker.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "item_totals/totals.h"

namespace millrace::item_totals {

struct ConnectorParts {
  io::Loop& loop;
  io::LongWork& long_work;
  Logger& log;
  const std::function<WallTime()>& wall_clock;
  pipeline::ConnectorOutputs& outputs;
};

// `rules` outlive the connector. `activity`: for the status page.
std::unique_ptr<pipeline::Exporter> make_totals_connector(std::shared_ptr<const Options> options,
                                                          const Rules& rules, std::string activity,
                                                          const ConnectorParts& parts);

}  // namespace millrace::item_totals
