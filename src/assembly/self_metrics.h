// The collector's own numbers under otelcol's names, and the ledger's: registered for as long as
// this lives. Everything is read when a reader asks; nothing is counted twice.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "destination/destination.h"
#include "graph/auditor.h"
#include "ledger/ledger.h"
#include "memory/budget.h"
#include "metrics/process.h"
#include "metrics/registry.h"
#include "segment_log/log.h"

namespace millrace::assembly {

struct Shared;

class SelfMetrics {
 public:
  // All of it outlives this. `held` may be called from any thread.
  SelfMetrics(metrics::Registry& registry, const ledger::Ledger& ledger, const Budget& budget,
              std::function<ledger::Held()> held);

  // The series of one destination; before the loops run.
  void add_destination(const ExporterPlan& exporter, pipeline::Destination& destination);
  // The bounds that its destinations passed, whatever the signal.
  void add_response_limits(const ExporterPlan& exporter);
  // The sizes of the batches it sends, under the name of the batch processor that asked for them
  // (empty: none did). `detailed` adds the exporter's own two histograms.
  void observe_batches(const ExporterPlan& exporter, pipeline::Destination& destination,
                       const std::string& batch_processor, MetricsDetail detail);
  // otelcol's memory limiter counts the items of its pipeline; what it refused had not been read,
  // so that is a number of reservations (millrace_memory_refusals).
  void add_memory_limiter(const std::string& processor, const ledger::Account& account);
  // For the listeners of a receiver or an exporter (`kind`): the number of clients that its limits
  // know, never which, and when its certificate expires.
  void add_listeners(const std::string& kind, const std::string& id,
                     const std::vector<ListenerPlan>& listeners);
  // When the certificate expires that an exporter shows its destinations, where it has one.
  void add_client_certificate(const ExporterPlan& exporter);
  // The log of one storage directory.
  void add_storage(const std::string& id, std::function<segment_log::Numbers()> read);
  // The audit of the ledger; outlives this.
  void add_audit(const pipeline::Auditor& auditor);
  void add_gauge(std::string_view name, std::string_view help, std::function<double()> read);

 private:
  void add_limits(const metrics::Labels& labels, const std::string& kind,
                  const std::shared_ptr<const access::ClientLimits>& limits);
  void add_certificate(metrics::Labels labels, std::function<WallTime()> expiry);
  void add_account(const ledger::Account& account);

  metrics::Registry& registry_;
  std::function<ledger::Held()> held_;
  metrics::ProcessMetrics process_;
  std::vector<metrics::Registry::Handle> handles_;
};

// All of the plan's destinations, memory limiters and limits of clients, and the open connections;
// before the loops run. `shared` outlives the metrics.
void add_components(SelfMetrics& metrics, const Shared& shared);

}  // namespace millrace::assembly
