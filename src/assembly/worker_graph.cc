#include "assembly/worker_graph.h"

#include <algorithm>
#include <utility>

#include "assembly/counting_processor.h"
#include "graph/pipeline_intake.h"
#include "metrics/otelcol_names.h"

namespace millrace::assembly {
namespace {

template <class Value>
bool contains(const std::vector<Value>& values, const Value& value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

Result<std::unique_ptr<WorkerGraph>> WorkerGraph::create(Shared& shared, KeptByWorker& kept,
                                                         size_t worker) {
  std::unique_ptr<WorkerGraph> graph(new WorkerGraph(shared, kept, worker));
  if (Status made = graph->make_pipelines(); !made) return fail(made.error());
  graph->make_connectors();
  graph->make_take_overs();
  if (Status made = graph->make_receivers(); !made) return fail(made.error());
  return graph;
}

WorkerGraph::~WorkerGraph() {
  stop_fetching();
  for (size_t index = 0; index < receivers_.size(); ++index) {
    kept_.listeners.connect(index, nullptr);
  }
  for (auto& of_connector : kept_.connector_outputs) {
    for (pipeline::ConnectorOutputs& outputs : of_connector) outputs = {};
  }
  pipelines_.clear();
  intakes_.clear();
  receivers_.clear();
}

Status WorkerGraph::make_pipelines() {
  const Plan& plan = *shared_.plan;
  for (const PipelinePlan& planned : plan.pipelines) {
    std::vector<pipeline::PipelineWorker::Output> outputs;
    for (const size_t exporter : planned.exporters) {
      outputs.push_back(
          {.destination = kept_.destinations[exporter][index_of(planned.signal)].get(),
           .account =
               &shared_.ledger->open(planned.signal, planned.id, plan.exporters[exporter].id)});
    }
    pipelines_.push_back(
        std::make_unique<pipeline::PipelineWorker>(kept_.loop, planned.id, std::move(outputs)));
    tap(pipelines_.size() - 1);
    if (Status added = add_processors(planned, *pipelines_.back()); !added) return added;
  }
  return {};
}

// The console keeps what a pipeline passes on, unless all of it goes through connectors into other
// pipelines of the signal: it is kept there, because a processor there may redact it. What only
// connectors take that make another signal of it is kept here.
void WorkerGraph::tap(size_t pipeline) {
  if (kept_.tap == nullptr) return;
  const Plan& plan = *shared_.plan;
  const PipelinePlan& planned = plan.pipelines[pipeline];
  const bool is_kept_behind = std::ranges::all_of(planned.exporters, [&](size_t exporter) {
    const auto& connector = plan.exporters[exporter].connector;
    return connector && connector->makes(planned.signal, planned.signal);
  });
  using Keeps = recent::WorkerTap::Keeps;
  pipelines_[pipeline]->set_tap(
      &kept_.tap->tap_of(pipeline, is_kept_behind ? Keeps::kNothing : Keeps::kRequests));
}

Status WorkerGraph::add_processors(const PipelinePlan& planned, pipeline::PipelineWorker& worker) {
  for (const size_t index : planned.processors) {
    const ProcessorPlan& processor = shared_.plan->processors[index];
    if (processor.factory == nullptr) continue;
    const metrics::Labels labels = {{"processor", processor.id},
                                    {"otel_signal", std::string(signal_name(planned.signal))}};
    auto counter = [&](const metrics::MetricInfo& info) -> metrics::Counter& {
      return shared_.metrics->counter(info.name, info.help, labels);
    };
    auto made = processor.factory->make(
        {.name = processor.id,
         .signal = planned.signal,
         .loop = kept_.loop,
         .pool = kept_.pool,
         .long_work = kept_.long_work,
         .log = *shared_.log,
         .metrics = *shared_.metrics,
         .wall_clock = shared_.wall_clock,
         .outlet = worker.next_outlet(),
         .storage = processor.storage ? shared_.storages[*processor.storage] : nullptr,
         .pipeline = planned.id});
    if (!made) {
      return fail(made.error().code, "processor " + processor.id + ": " + made.error().message);
    }
    worker.add_processor(std::make_unique<CountingProcessor>(
                             std::move(*made), counter(metrics::kProcessorIncomingItems),
                             counter(metrics::kProcessorOutgoingItems)),
                         kept_.long_work);
  }
  return {};
}

void WorkerGraph::make_connectors() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    if (!plan.exporters[index].connector) continue;
    for (const Signal signal : kSignals) {
      if (kept_.destinations[index][index_of(signal)] == nullptr) continue;
      fill_outputs(*plan.exporters[index].connector, signal,
                   kept_.connector_outputs[index][index_of(signal)]);
    }
  }
}

// `connector` takes `from`.
void WorkerGraph::fill_outputs(const ConnectorPlan& connector, Signal from,
                               pipeline::ConnectorOutputs& outputs) {
  for (const std::vector<size_t>& group : connector.groups) {
    for (const Signal into : kSignals) {
      if (!connector.makes(into, from)) continue;
      std::vector<pipeline::PipelineWorker*> fed;
      for (const size_t index : group) {
        if (shared_.plan->pipelines[index].signal == into) fed.push_back(pipelines_[index].get());
      }
      if (fed.empty()) continue;
      auto intake = std::make_unique<pipeline::PipelineIntake>(kept_.loop, std::move(fed));
      if (connector.changes.empty()) {
        outputs.groups.push_back(std::move(intake));
      } else {
        outputs.of_signal[index_of(into)] = std::move(intake);
      }
    }
  }
}

// Requests that a level of a failover has on disk from an earlier run, and cannot deliver, go to
// the levels behind it.
void WorkerGraph::make_take_overs() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.pipelines.size(); ++index) {
    const PipelinePlan& pipeline = plan.pipelines[index];
    for (const size_t exporter : pipeline.exporters) {
      if (!plan.exporters[exporter].hands_back[index_of(pipeline.signal)]) continue;
      kept_.destinations[exporter][index_of(pipeline.signal)]->reroute_to(
          shared_.ledger->open(pipeline.signal, pipeline.id, plan.exporters[exporter].id),
          levels_behind(index));
    }
  }
}

// The levels behind it in the one failover that feeds the pipeline.
std::vector<pipeline::Intake*> WorkerGraph::levels_behind(size_t pipeline) {
  const Plan& plan = *shared_.plan;
  const Signal signal = plan.pipelines[pipeline].signal;
  std::vector<pipeline::Intake*> levels;
  for (size_t exporter = 0; exporter < plan.exporters.size(); ++exporter) {
    if (!plan.exporters[exporter].connector) continue;
    bool is_behind = false;
    size_t next = 0;  // of the groups that have pipelines of this signal
    for (const std::vector<size_t>& group : plan.exporters[exporter].connector->groups) {
      const bool has_signal = std::ranges::any_of(
          group, [&](size_t fed) { return plan.pipelines[fed].signal == signal; });
      if (!has_signal) continue;
      const auto& intake = kept_.connector_outputs[exporter][index_of(signal)].groups[next++];
      if (is_behind) levels.push_back(intake.get());
      is_behind = is_behind || contains(group, pipeline);
    }
  }
  return levels;
}

std::array<bool, kSignalCount> WorkerGraph::signals_of(const Plan& plan, size_t receiver) {
  std::array<bool, kSignalCount> has_signal{};
  for (const PipelinePlan& pipeline : plan.pipelines) {
    if (contains(pipeline.receivers, receiver)) has_signal[index_of(pipeline.signal)] = true;
  }
  return has_signal;
}

Status WorkerGraph::make_receivers() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.receivers.size(); ++index) {
    const ReceiverPlan& planned = plan.receivers[index];
    auto receiver = planned.factory->make(parts_of(index));
    if (!receiver) {
      return fail(receiver.error().code,
                  "receiver " + planned.id + ": " + receiver.error().message);
    }
    receivers_.push_back(std::move(*receiver));
    kept_.listeners.connect(index, receivers_.back().get());
    if (planned.pull_interval && worker_ == 0) {
      start_pulling(*receivers_.back(), *planned.pull_interval);
    }
  }
  return {};
}

reception::ReceiverParts WorkerGraph::parts_of(size_t receiver) {
  const Plan& plan = *shared_.plan;
  reception::ReceiverParts parts{.name = plan.receivers[receiver].id,
                                 .refusals = shared_.refusals[receiver],
                                 .loop = &kept_.loop,
                                 .pool = &kept_.pool,
                                 .long_work = &kept_.long_work,
                                 .metrics = shared_.metrics,
                                 .log = shared_.log,
                                 .watcher = kept_.tap.get(),
                                 .own_spans = kept_.own_spans.get(),
                                 .dead_letters = shared_.receiver_dead_letters[receiver],
                                 .wall_clock = shared_.wall_clock,
                                 .worker_index = worker_,
                                 .worker_count = shared_.worker_count,
                                 .message_bytes_max = shared_.budget->limit_of_messages()};
  for (const Signal signal : kSignals) {
    std::vector<pipeline::PipelineWorker*> fed = fed_by(receiver, signal);
    if (fed.empty()) continue;
    parts.memory_refused[index_of(signal)] = memory_limiters_behind(receiver, signal);
    intakes_.push_back(std::make_unique<pipeline::PipelineIntake>(kept_.loop, std::move(fed)));
    parts.intakes[index_of(signal)] = intakes_.back().get();
  }
  return parts;
}

void WorkerGraph::stop_fetching() {
  pull_timers_.clear();
  for (const auto& receiver : receivers_) receiver->stop();
}

void WorkerGraph::start_pulling(reception::Receiver& receiver, Duration interval) {
  const size_t index = pull_timers_.size();
  pull_timers_.push_back(kept_.loop.make_timer([this, index, interval, &receiver] {
    pull_timers_[index]->arm_at(kept_.loop.now() + interval);
    receiver.pull();
  }));
  pull_timers_.back()->arm_at(kept_.loop.now() + interval);
}

// The counters of the memory_limiters that stand between a receiver and its exporters, each once.
std::vector<metrics::Counter*> WorkerGraph::memory_limiters_behind(size_t receiver, Signal signal) {
  const Plan& plan = *shared_.plan;
  const metrics::MetricInfo& info = metrics::kMemoryLimiterRefused[index_of(signal)];
  std::vector<metrics::Counter*> counters;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    if (pipeline.signal != signal || !contains(pipeline.receivers, receiver)) continue;
    for (const size_t processor : pipeline.processors) {
      if (!plan.processors[processor].is_memory_limiter) continue;
      metrics::Counter* counter = &shared_.metrics->counter(
          info.name, info.help, {{"processor", plan.processors[processor].id}});
      if (!contains(counters, counter)) counters.push_back(counter);
    }
  }
  return counters;
}

pipeline::Intake* WorkerGraph::open_source(Signal signal) {
  std::vector<pipeline::PipelineWorker*> fed;
  for (size_t index = 0; index < pipelines_.size(); ++index) {
    if (shared_.plan->pipelines[index].signal == signal) fed.push_back(pipelines_[index].get());
  }
  if (fed.empty()) return nullptr;
  intakes_.push_back(std::make_unique<pipeline::PipelineIntake>(kept_.loop, std::move(fed)));
  return intakes_.back().get();
}

std::vector<pipeline::PipelineWorker*> WorkerGraph::fed_by(size_t receiver, Signal signal) const {
  const Plan& plan = *shared_.plan;
  std::vector<pipeline::PipelineWorker*> fed;
  for (size_t p = 0; p < plan.pipelines.size(); ++p) {
    const PipelinePlan& pipeline = plan.pipelines[p];
    if (pipeline.signal != signal) continue;
    for (const size_t named : pipeline.receivers) {
      if (named == receiver) fed.push_back(pipelines_[p].get());
    }
  }
  return fed;
}

pipeline::Intake* WorkerGraph::open_source_at(size_t receiver, Signal signal) {
  auto fed = fed_by(receiver, signal);
  if (fed.empty()) return nullptr;
  intakes_.push_back(std::make_unique<pipeline::PipelineIntake>(kept_.loop, std::move(fed)));
  return intakes_.back().get();
}

void WorkerGraph::abandon_waiting() {
  for (const auto& intake : intakes_) intake->abandon_waiting();
  for (auto& of_connector : kept_.connector_outputs) {
    for (pipeline::ConnectorOutputs& outputs : of_connector) {
      for (const auto& intake : outputs.groups) intake->abandon_waiting();
      for (const auto& intake : outputs.of_signal) {
        if (intake != nullptr) intake->abandon_waiting();
      }
    }
  }
}

void WorkerGraph::add_to(pipeline::Drain& drain) const {
  for (const auto& intake : intakes_) drain.add(*intake);
  for (const auto& pipeline : pipelines_) drain.add(*pipeline);
}

void WorkerGraph::count_held(ledger::Held& held) const {
  for (const auto& pipeline : pipelines_) pipeline->count_held(held);
}

}  // namespace millrace::assembly
