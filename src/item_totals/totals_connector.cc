#include "item_totals/totals_connector.h"

#include <utility>

namespace millrace::item_totals {

std::unique_ptr<pipeline::Exporter> make_totals_connector(std::shared_ptr<const Options> options,
                                                          const Rules& rules, std::string activity,
                                                          const ConnectorParts& parts) {
  const item_identity::Identity seed{parts.loop.random().next(), parts.loop.random().next()};
  return pipeline::make_batch_converter(
      Signal::kMetrics,
      [options = std::move(options), &rules, seed, &loop = parts.loop, &log = parts.log,
       &wall_clock = parts.wall_clock](const pipeline::Batch& batch, Work& work) {
        return total_items({.options = *options,
                            .rules = rules,
                            .seed = seed,
                            .random = loop.random(),
                            .log = log},
                           batch.signal, batch.bytes, wall_clock(), work);
      },
      std::move(activity),
      {.loop = parts.loop, .long_work = parts.long_work, .outputs = parts.outputs});
}

}  // namespace millrace::item_totals
