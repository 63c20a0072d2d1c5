// The failover connector: an exporter that hands each batch to the first level of pipelines that
// delivers it.
//
// A level that gives a batch back (its destinations' retries are used up, its queues are full, or
// its breaker is open: destinations that only a failover feeds hand back at once what they hold) is
// left alone for retry_interval; its batch and all later ones go to the next level. Then one batch
// finds out whether it works again. When every level fails, the batch stays in the queue before
// this connector and is tried again from the first on. What is refused as bad data is no reason to
// fail over: it would be bad anywhere. What is larger than the whole queue of a level goes to the
// next one, and is refused when that is so of all levels.
#pragma once

#include <memory>

#include "base/log.h"
#include "connectors/failover/options.h"
#include "pipeline/connector.h"
#include "pipeline/exporter.h"

namespace millrace::connectors {

// `outputs` has a group for each level when the first batch comes; it and the log outlive the
// exporter. `log` may be null.
std::unique_ptr<pipeline::Exporter> make_failover(io::Loop& loop, std::string name,
                                                  Duration retry_interval,
                                                  pipeline::ConnectorOutputs& outputs, Logger* log);

}  // namespace millrace::connectors
