// The graph of one worker: its receivers, pipelines with their processors, and the intakes between
// them. It is immutable once made, and what a reload replaces whole; everything that it uses and a
// reload keeps is the worker's (worker.h) or the collector's.
//
// Made before the loop runs; used on its loop only.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "assembly/plan.h"
#include "assembly/worker.h"
#include "base/result.h"
#include "graph/drain.h"
#include "graph/pipeline.h"
#include "pipeline/connector.h"
#include "pipeline/intake.h"
#include "reception/receiver.h"

namespace millrace::assembly {

class WorkerGraph {
 public:
  // `worker`: its index; the receivers of the first one pull.
  static Result<std::unique_ptr<WorkerGraph>> create(Shared& shared, KeptByWorker& kept,
                                                     size_t worker);
  // After the destinations: they still answer senders that wait for them, and so call receivers.
  ~WorkerGraph();

  // Which signals of a receiver have a pipeline in `plan`.
  static std::array<bool, kSignalCount> signals_of(const Plan& plan, size_t receiver);

  // An intake into every pipeline of that signal, for a source that is no receiver; null when there
  // is no such pipeline.
  pipeline::Intake* open_source(Signal signal);
  // The same into the pipelines of one receiver.
  pipeline::Intake* open_source_at(size_t receiver, Signal signal);
  // No receiver fetches data by itself any more.
  void stop_fetching();
  // Gives back what requests that wait for the disk have reserved, while the destinations are
  // there.
  void abandon_waiting();
  void add_to(pipeline::Drain& drain) const;
  void count_held(ledger::Held& held) const;
  const std::vector<std::unique_ptr<pipeline::PipelineWorker>>& pipelines() const {
    return pipelines_;
  }

 private:
  WorkerGraph(Shared& shared, KeptByWorker& kept, size_t worker)
      : shared_(shared), kept_(kept), worker_(worker) {}
  Status make_pipelines();
  void tap(size_t pipeline);
  Status add_processors(const PipelinePlan& planned, pipeline::PipelineWorker& worker);
  void make_connectors();
  void fill_outputs(const ConnectorPlan& connector, Signal from,
                    pipeline::ConnectorOutputs& outputs);
  void make_take_overs();
  std::vector<pipeline::Intake*> levels_behind(size_t pipeline);
  Status make_receivers();
  reception::ReceiverParts parts_of(size_t receiver);
  void start_pulling(reception::Receiver& receiver, Duration interval);
  std::vector<metrics::Counter*> memory_limiters_behind(size_t receiver, Signal signal);

  std::vector<pipeline::PipelineWorker*> fed_by(size_t receiver, Signal signal) const;

  Shared& shared_;
  KeptByWorker& kept_;
  const size_t worker_;
  std::vector<std::unique_ptr<pipeline::PipelineWorker>> pipelines_;
  std::vector<std::unique_ptr<pipeline::Intake>> intakes_;
  std::vector<std::unique_ptr<reception::Receiver>> receivers_;
  std::vector<std::unique_ptr<io::Timer>> pull_timers_;
};

}  // namespace millrace::assembly
