// The forward connector: an exporter that hands each batch to all pipelines behind it; either all
// take it or none.
#pragma once

#include <memory>

#include "pipeline/connector.h"
#include "pipeline/exporter.h"

namespace millrace::connectors {

// `outputs` has one group when the first batch comes, and outlives the exporter.
std::unique_ptr<pipeline::Exporter> make_forward(io::Loop& loop,
                                                 pipeline::ConnectorOutputs& outputs);

}  // namespace millrace::connectors
