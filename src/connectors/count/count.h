// The count connector: counts the items of each batch that match conditions, and hands the counts
// on as metrics (delta sums). A batch is delivered when the pipelines behind have its counts.
//
// One instance for one signal on one worker. A condition that fails counts as not met.
#pragma once

#include <memory>

#include "connectors/count/options.h"
#include "item_totals/totals_connector.h"

namespace millrace::connectors::count {

// Each item adds 1.
const item_totals::Rules& rules();

std::unique_ptr<pipeline::Exporter> make_count(std::shared_ptr<const Options> options,
                                               const item_totals::ConnectorParts& parts);

}  // namespace millrace::connectors::count
