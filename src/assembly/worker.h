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

#include "assembly/plan.h"
#include "io/long_work.h"
#include "io/placement.h"
#include "ledger/ledger.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "pipeline/auditor.h"
#include "pipeline/dead_letters.h"
#include "pipeline/destination.h"
#include "pipeline/destination_worker.h"
#include "pipeline/drain.h"
#include "pipeline/intake.h"
#include "pipeline/pipeline.h"
#include "receivers/otlp/receiver.h"
#include "transport/server.h"

namespace millrace::assembly {

// What all workers of a collector share; owned by the Collector, outlives its workers.
struct Shared {
  const Plan* plan = nullptr;
  Logger* log = nullptr;
  Logger* unsampled_log = nullptr;
  Outputs outputs_of_process;
  io::FileSystem* files = nullptr;
  std::function<WallTime()> wall_clock;
  io::LongWorkOptions long_work;
  Budget* budget = nullptr;
  metrics::Registry* metrics = nullptr;
  ledger::Ledger* ledger = nullptr;
  // [exporter][signal]; null where no pipeline has the pair.
  std::vector<std::array<pipeline::Destination*, kSignalCount>> destinations;
  // [exporter]; null where none are kept.
  std::vector<pipeline::DeadLetters*> dead_letters;
  // [receiver][signal]
  std::vector<std::array<ledger::Refusals*, kSignalCount>> refusals;
  std::atomic<int64_t> connection_count{0};  // workers add, the status page reads; relaxed
};

// What to do when listening failed with that code, ready to be put behind the error; `what` is the
// place in the configuration that says where to listen.
std::string listen_advice(Code code, std::string_view what);

class Worker {
 public:
  // `index`: of the worker, for its metrics.
  static Result<std::unique_ptr<Worker>> create(Shared& shared, io::Loop& loop, size_t index);
  ~Worker();

  // Listens on every receiver's address. `ports` holds what the first worker got, so that port 0
  // means one port for all workers; it is filled by the first, and so are `placements`.
  Status listen(std::vector<uint16_t>& ports, bool share_port,
                std::vector<std::shared_ptr<io::Placement>>& placements);
  // GOAWAY and no new connections; `drained` runs once, on this loop, when all are gone.
  void drain_servers(std::function<void()> drained);
  void add_to(pipeline::Drain& drain);
  // An intake into every pipeline of that signal, for a source that is no receiver; null when there
  // is no such pipeline. Before the loops run; lives as long as the worker, stops with the drain.
  pipeline::Intake* open_source(Signal signal);
  // Sends what waits without waiting for fuller batches, as far as there are places in flight. On
  // its loop.
  void flush_batches();
  // What this worker holds (without the shared queues); on its loop, or when nothing runs.
  void count_held(ledger::Held& held) const;
  // What of it is audited.
  pipeline::Auditor::OnLoop audited() const;
  io::Loop& loop() { return loop_; }
  ChunkPool& pool() { return pool_; }

 private:
  Worker(Shared& shared, io::Loop& loop);
  Status make_destinations();
  void make_pipelines();
  void make_connectors();
  void make_take_overs();
  std::vector<pipeline::Intake*> levels_behind(size_t pipeline);
  void make_receivers();
  std::vector<metrics::Counter*> memory_limiters_behind(size_t receiver, Signal signal);
  void make_server(size_t receiver, const receivers::ProtocolOptions& protocol,
                   transport::ServerOptions options, std::shared_ptr<io::TlsServerContext> tls);

  struct ListeningServer {
    std::unique_ptr<transport::Server> server;
    io::ListenOptions where;
    std::string what;  // "otlp grpc", for the error
  };

  Shared& shared_;
  io::Loop& loop_;
  ChunkPool pool_;
  io::LongWork long_work_;
  // Of all its servers: a flood of one port does not shut another.
  const std::shared_ptr<transport::EvictionOrder> eviction_;
  std::vector<std::array<std::unique_ptr<pipeline::DestinationWorker>, kSignalCount>> destinations_;
  // [exporter][signal], as destinations_; filled for connectors, whose exporters hold pointers
  // here.
  std::vector<std::array<pipeline::ConnectorOutputs, kSignalCount>> connector_outputs_;
  std::vector<std::unique_ptr<pipeline::PipelineWorker>> pipelines_;
  std::vector<std::unique_ptr<pipeline::Intake>> intakes_;
  std::vector<std::unique_ptr<receivers::OtlpReceiver>> receivers_;
  std::vector<ListeningServer> servers_;
};

}  // namespace millrace::assembly
