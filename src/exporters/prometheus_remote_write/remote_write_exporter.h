// The exporter `prometheus_remote_write`: one attempt to hand a batch of metrics to a server of
// Prometheus's remote-write protocol, 1.0 or 2.0. Each belongs to one loop and has a connection of
// its own there; the destination has one batch in flight, so that samples arrive in their order.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "exporters/prometheus_remote_write/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "pipeline/exporter.h"
#include "transport/client/client.h"

namespace millrace::exporters {

// All outlive the exporter.
struct RemoteWriteParts {
  const std::string& name;  // "prometheus_remote_write/mimir"
  io::Loop& loop;
  Budget& budget;
  io::LongWork& long_work;
  Logger& log;
  metrics::Registry& metrics;
};

// A point that cannot be written is counted, and rejected as by a destination (kPartial). A batch
// whose request would pass max_batch_size_bytes is given back to be cut (kTooLarge). The request is
// a term of the budget from before it is made to the answer; without room the batch is tried again.
std::unique_ptr<pipeline::Exporter> make_remote_write_exporter(
    const RemoteWriteOptions& options, const RemoteWriteParts& parts,
    std::shared_ptr<transport::CredentialSource> credentials);

}  // namespace millrace::exporters
