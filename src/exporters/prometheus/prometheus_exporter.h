// The exporter `prometheus`: keeps the newest value of every series that comes, and shows them at
// /metrics on a port of its own.
//
// The state has one owner among the workers (state_owner.h), by a hash of the exporter's name.
// Batches and requests for pages that come elsewhere are posted to it: the queue has one consumer,
// so that batches arrive in its order, and a page comes in pieces.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/log.h"
#include "exporters/prometheus/options.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/exporter.h"
#include "transport/server/page.h"

namespace millrace::exporters {

// The part that the workers share; made with the options, given to each of them.
class PrometheusHub;
std::shared_ptr<PrometheusHub> make_prometheus_hub(PrometheusOptions options);

struct PrometheusParts {
  const std::string& name;  // "prometheus/internal"
  size_t worker = 0;
  size_t worker_count = 1;
  io::Loop& loop;
  ChunkPool& pool;
  io::LongWork& long_work;
  Logger& log;
  metrics::Registry& metrics;
};

// One for each worker, before the loops run; all parts outlive it. A point that cannot be shown is
// counted, and rejected as by a destination (kPartial).
std::unique_ptr<pipeline::Exporter> make_prometheus_exporter(
    const std::shared_ptr<PrometheusHub>& hub, const PrometheusParts& parts);
// The answers to GET /metrics on that worker.
transport::PageHandler make_prometheus_page(const std::shared_ptr<PrometheusHub>& hub,
                                            const PrometheusParts& parts);

}  // namespace millrace::exporters
