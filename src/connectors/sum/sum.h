// The sum connector: adds up an attribute of the items of each batch that match conditions, and
// hands the sums on as metrics (delta sums). A batch is delivered when the pipelines behind have
// its sums.
//
// One instance for one signal on one worker. A condition that fails counts as not met.
#pragma once

#include <memory>

#include "connectors/sum/options.h"
#include "item_totals/totals_connector.h"

namespace millrace::connectors::sum {

// An item adds its source attribute.
const item_totals::Rules& rules();

std::unique_ptr<pipeline::Exporter> make_sum(std::shared_ptr<const Options> options,
                                             const item_totals::ConnectorParts& parts);

}  // namespace millrace::connectors::sum
