#include <algorithm>

#include "assembly/destination_options.h"
#include "assembly/self_metrics.h"
#include "assembly/worker.h"

namespace millrace::assembly {
namespace {

void add_destinations(SelfMetrics& metrics, const Shared& shared) {
  const Plan& plan = *shared.plan;
  const MetricsDetail detail =
      plan.metrics_page ? plan.metrics_page->detail : MetricsDetail::kNormal;
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    const ExporterPlan& exporter = plan.exporters[index];
    metrics.add_response_limits(exporter);
    for (pipeline::Destination* destination : shared.destinations[index]) {
      if (destination == nullptr) continue;
      const ProcessorPlan* batch = batch_processor_for(plan, index, destination->options().signal);
      metrics.add_destination(exporter, *destination);
      metrics.observe_batches(exporter, *destination, batch == nullptr ? "" : batch->id, detail);
    }
  }
}

void add_memory_limiters(SelfMetrics& metrics, const Shared& shared) {
  const Plan& plan = *shared.plan;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    for (const size_t processor : pipeline.processors) {
      if (!plan.processors[processor].is_memory_limiter) continue;
      const std::string& exporter = plan.exporters[pipeline.exporters.front()].id;
      metrics.add_memory_limiter(plan.processors[processor].id,
                                 shared.ledger->open(pipeline.signal, pipeline.id, exporter));
    }
  }
}

}  // namespace

void add_components(SelfMetrics& metrics, const Shared& shared) {
  add_destinations(metrics, shared);
  add_memory_limiters(metrics, shared);
  for (const ReceiverPlan& receiver : shared.plan->receivers) {
    metrics.add_listeners("receiver", receiver.id, receiver.listeners);
  }
  for (const ExporterPlan& exporter : shared.plan->exporters) {
    metrics.add_listeners("exporter", exporter.id, exporter.listeners);
    metrics.add_client_certificate(exporter);
  }
  metrics.add_gauge(
      "millrace_receiver_connections",
      "Open connections of all receivers and of exporters with a port.", [&shared] {
        return static_cast<double>(shared.connection_count.load(std::memory_order_relaxed));
      });
}

}  // namespace millrace::assembly
