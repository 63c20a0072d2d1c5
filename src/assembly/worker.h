// One worker of a collector: everything that lives on one loop. Made before the loops run and
// destroyed after they have stopped; in between it is used on its own loop only.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assembly/listeners.h"
#include "assembly/plan.h"
#include "destination/destination.h"
#include "destination/destination_worker.h"
#include "graph/auditor.h"
#include "graph/drain.h"
#include "io/long_work.h"
#include "io/placement.h"
#include "ledger/ledger.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "own_spans/span_recorder.h"
#include "pipeline/connector.h"
#include "pipeline/dead_letters.h"
#include "pipeline/intake.h"
#include "recent/worker_tap.h"

namespace millrace::assembly {

class ConsoleSite;  // assembly/console_site.h

// State that all workers of a collector share; owned by the Collector, outlives its workers.
struct Shared {
  const Plan* plan = nullptr;
  Logger* log = nullptr;
  Logger* unsampled_log = nullptr;
  Outputs outputs_of_process;
  io::FileSystem* files = nullptr;
  std::function<WallTime()> wall_clock;
  std::string
      instance_id;  // service.instance.id of this process; empty: the configuration has none
  io::LongWorkOptions long_work;
  size_t worker_count = 1;
  Budget* budget = nullptr;
  metrics::Registry* metrics = nullptr;
  ledger::Ledger* ledger = nullptr;
  // [exporter][signal]; null where no pipeline has the pair.
  std::vector<std::array<pipeline::Destination*, kSignalCount>> destinations;
  // In the order of the plan.
  std::vector<pipeline::Storage*> storages;
  // [exporter]; null where none are kept.
  std::vector<pipeline::DeadLetters*> dead_letters;
  // [receiver]; null where none are kept.
  std::vector<pipeline::DeadLetters*> receiver_dead_letters;
  // [receiver][signal]
  std::vector<std::array<ledger::Refusals*, kSignalCount>> refusals;
  ConsoleSite* console = nullptr;            // null: off
  std::atomic<int64_t> connection_count{0};  // workers add, the status page reads; relaxed
};

// What of a worker a reload keeps: it is owned here, apart from the graph that uses it.
struct KeptByWorker {
  KeptByWorker(Shared& shared, io::Loop& its_loop);
  void trim_pool();

  io::Loop& loop;
  ChunkPool pool;
  std::unique_ptr<io::Timer> trim_timer;  // the next step of trim_pool()
  io::LongWork long_work;
  std::unique_ptr<recent::WorkerTap> tap;  // null: the console is off
  // Null: the collector does not trace itself. Exporters and receivers record in it.
  std::unique_ptr<own_spans::SpanRecorder> own_spans;
  Listeners listeners;
  // [exporter][signal]; their queues, retries, breakers and connections.
  std::vector<std::array<std::unique_ptr<pipeline::DestinationWorker>, kSignalCount>> destinations;
  // [exporter][signal], as destinations, whose exporters hold pointers here when they are
  // connectors. The graph owns the entries.
  std::vector<std::array<pipeline::ConnectorOutputs, kSignalCount>> connector_outputs;
};

class WorkerGraph;  // assembly/worker_graph.h

class Worker {
 public:
  // `index`: of the worker, for its metrics.
  static Result<std::unique_ptr<Worker>> create(Shared& shared, io::Loop& loop, size_t index);
  ~Worker();

  // Listens on every receiver's address. `ports` holds what the first worker got, so that port 0
  // means one port for all workers; it is filled by the first, and so are `placements`.
  Status listen(std::vector<uint16_t>& ports, bool share_port,
                std::vector<std::shared_ptr<io::Placement>>& placements) {
    return kept_.listeners.listen(ports, share_port, placements);
  }
  // GOAWAY and no new connections; `drained` runs once, on this loop, when all are gone.
  void drain_servers(std::function<void()> drained);
  void add_to(pipeline::Drain& drain);
  // An intake into every pipeline of that signal, for a source that is no receiver; null when there
  // is no such pipeline. Before the loops run; lives as long as the worker, stops with the drain.
  pipeline::Intake* open_source(Signal signal);
  // The same into the pipelines of one receiver.
  pipeline::Intake* open_source_at(size_t receiver, Signal signal);
  reception::RequestWatcher* watcher() { return kept_.tap.get(); }
  // Sends pending requests without waiting for fuller batches, as far as there are places in
  // flight. On its loop.
  void flush_batches();
  // Counts what this worker holds (without the shared queues); on its loop, or when nothing runs.
  void count_held(ledger::Held& held) const;
  // What of it is audited.
  pipeline::Auditor::OnLoop audited() const;
  io::Loop& loop() { return kept_.loop; }
  ChunkPool& pool() { return kept_.pool; }
  // To be called once a second, on its loop: chunks that are not needed any more are freed, step by
  // step.
  void trim_pool() { kept_.trim_pool(); }

 private:
  Worker(Shared& shared, io::Loop& loop, size_t index);
  ExporterParts parts_of(size_t exporter, Signal signal);
  Status make_destinations();
  bool is_traced(const ExporterPlan& exporter) const;
  void make_listeners();
  void run_extensions();

  Shared& shared_;
  const size_t index_;
  KeptByWorker kept_;
  std::unique_ptr<WorkerGraph> graph_;                     // what a reload replaces
  std::vector<std::shared_ptr<void>> running_extensions_;  // of the first worker
};

}  // namespace millrace::assembly
