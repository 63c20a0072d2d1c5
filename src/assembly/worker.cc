#include "assembly/worker.h"

#include <array>
#include <utility>

#include "assembly/console_site.h"
#include "assembly/traced_exporter.h"
#include "assembly/worker_graph.h"
#include "pipeline/otlp_cutter.h"

namespace millrace::assembly {
namespace {

// The part of the budget that free chunks of all workers may hold, so that a worker at full speed
// asks the system for no memory, however far its queues fill and drain.
constexpr size_t kIdlePart = 4;
// Between two steps in which it frees chunks that are not needed any more.
constexpr Duration kTrimPause = 10ms;

// In seconds. A slice of long work is 1 ms, and a turn has at most two of them.
constexpr std::array kTurnBounds = {0.0001, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016,
                                    0.032,  0.064,  0.128, 0.256, 0.512, 1.024};

size_t idle_chunks_max(const Shared& shared) {
  return shared.budget->limit() / kIdlePart / shared.worker_count / kPooledChunkBytes;
}

}  // namespace

KeptByWorker::KeptByWorker(Shared& shared, io::Loop& its_loop)
    : loop(its_loop),
      pool(*shared.budget, idle_chunks_max(shared)),
      trim_timer(loop.make_timer([this] {
        if (pool.trim_more()) trim_timer->arm_at(loop.now() + kTrimPause);
      })),
      long_work(loop, pool, shared.long_work),
      listeners(loop, pool, long_work, shared.connection_count) {
  if (shared.plan->own_spans) {
    own_spans = std::make_unique<own_spans::SpanRecorder>(shared.plan->own_spans->recorder,
                                                          *shared.budget, loop.random(),
                                                          shared.wall_clock, *shared.metrics);
  }
  if (shared.console == nullptr) return;
  tap = std::make_unique<recent::WorkerTap>(
      recent::WorkerTap::Parts{.loop = &loop,
                               .store = &shared.console->store(),
                               .senders = &shared.console->senders(),
                               .refusals = &shared.console->refusals(),
                               .edges = &shared.console->taps(),
                               .flow = &shared.console->flow(),
                               .pool = &pool,
                               .sample = shared.console->sample()});
  pool.on_shortage([console = shared.console] { return console->give_back(); });
}

void KeptByWorker::trim_pool() {
  pool.trim();
  // Most of the time nothing is left, and a timer would wake an idle loop once more.
  if (pool.trim_more()) trim_timer->arm_at(loop.now() + kTrimPause);
}

Worker::Worker(Shared& shared, io::Loop& loop, size_t index)
    : shared_(shared), index_(index), kept_(shared, loop) {}

Worker::~Worker() {
  // Messages that are half received end. Servers hand in no more; then destinations, which
  // still answer senders that wait for them, and so call receivers; then the graph.
  kept_.loop.record_turns(nullptr);
  kept_.long_work.finish();
  kept_.listeners.close();
  for (auto& of_exporter : kept_.destinations) {
    for (auto& destination : of_exporter) {
      if (destination != nullptr) destination->stop_exporting();
    }
  }
  // Requests that wait for the disk return their places while there are destinations to take them.
  if (graph_ != nullptr) graph_->abandon_waiting();
  kept_.destinations.clear();
  graph_.reset();
}

Result<std::unique_ptr<Worker>> Worker::create(Shared& shared, io::Loop& loop, size_t index) {
  std::unique_ptr<Worker> worker(new Worker(shared, loop, index));
  loop.record_turns(&shared.metrics->histogram(
      "millrace_loop_turn_seconds", "How long turns of a worker's event loop take.",
      {{"worker", std::to_string(index)}}, {kTurnBounds.begin(), kTurnBounds.end()}));
  if (Status made = worker->make_destinations(); !made) return fail(made.error());
  worker->make_listeners();
  if (index == 0) worker->run_extensions();
  auto graph = WorkerGraph::create(shared, worker->kept_, index);
  if (!graph) return fail(graph.error());
  worker->graph_ = std::move(*graph);
  return worker;
}

ExporterParts Worker::parts_of(size_t exporter, Signal signal) {
  const ExporterPlan& planned = shared_.plan->exporters[exporter];
  return {.name = planned.id,
          .worker = index_,
          .worker_count = shared_.worker_count,
          .loop = kept_.loop,
          .pool = kept_.pool,
          .long_work = kept_.long_work,
          .log = *shared_.log,
          .unsampled_log = *shared_.unsampled_log,
          .metrics = *shared_.metrics,
          .outputs_of_process = shared_.outputs_of_process,
          .files = *shared_.files,
          .wall_clock = shared_.wall_clock,
          .credentials = planned.credentials,
          .outputs = &kept_.connector_outputs[exporter][index_of(signal)],
          .instance_id = shared_.instance_id};
}

// A connector sends nothing by itself.
bool Worker::is_traced(const ExporterPlan& exporter) const {
  return kept_.own_spans != nullptr && !exporter.connector && !exporter.sends_own_telemetry;
}

Status Worker::make_destinations() {
  const Plan& plan = *shared_.plan;
  kept_.destinations.resize(plan.exporters.size());
  kept_.connector_outputs.resize(plan.exporters.size());
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    for (const Signal signal : kSignals) {
      pipeline::Destination* destination = shared_.destinations[index][index_of(signal)];
      if (destination == nullptr) continue;
      auto exporter = plan.exporters[index].factory->make(parts_of(index, signal), signal);
      if (!exporter) {
        return fail(exporter.error().code,
                    "exporter " + plan.exporters[index].id + ": " + exporter.error().message);
      }
      if (is_traced(plan.exporters[index])) {
        *exporter = make_traced_exporter(plan.exporters[index].id, signal, *kept_.own_spans,
                                         std::move(*exporter));
      }
      kept_.destinations[index][index_of(signal)] = std::make_unique<pipeline::DestinationWorker>(
          *destination, kept_.loop,
          pipeline::DestinationWorker::Parts{.exporter = std::move(*exporter),
                                             .cutter = pipeline::make_otlp_cutter(),
                                             .pool = &kept_.pool,
                                             .log = shared_.log,
                                             .dead_letters = shared_.dead_letters[index],
                                             .long_work = &kept_.long_work});
    }
  }
  return {};
}

void Worker::make_listeners() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.receivers.size(); ++index) {
    kept_.listeners.add(plan.receivers[index], WorkerGraph::signals_of(plan, index));
  }
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    const ExporterPlan& exporter = plan.exporters[index];
    if (exporter.listeners.empty()) continue;
    kept_.listeners.add(exporter, exporter.factory->page_handler(parts_of(index, Signal::kMetrics)),
                        *shared_.metrics);
  }
}

void Worker::run_extensions() {
  for (const AuthPlan& auth : shared_.plan->auths) {
    if (auth.extension->run == nullptr) continue;
    running_extensions_.push_back(auth.extension->run(
        {.name = auth.id, .loop = kept_.loop, .log = *shared_.log, .budget = *shared_.budget}));
  }
}

pipeline::Intake* Worker::open_source(Signal signal) { return graph_->open_source(signal); }

pipeline::Intake* Worker::open_source_at(size_t receiver, Signal signal) {
  return graph_->open_source_at(receiver, signal);
}

void Worker::flush_batches() {
  for (const auto& by_signal : kept_.destinations) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) destination->flush();
    }
  }
}

void Worker::drain_servers(std::function<void()> drained) {
  graph_->stop_fetching();
  kept_.listeners.drain(std::move(drained));
}

void Worker::add_to(pipeline::Drain& drain) { graph_->add_to(drain); }

void Worker::count_held(ledger::Held& held) const {
  for (const auto& by_signal : kept_.destinations) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) destination->count_held(held);
    }
  }
  graph_->count_held(held);
}

pipeline::Auditor::OnLoop Worker::audited() const {
  pipeline::Auditor::OnLoop audited{.loop = &kept_.loop, .destinations = {}, .pipelines = {}};
  for (const auto& by_signal : kept_.destinations) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) audited.destinations.push_back(destination.get());
    }
  }
  for (const auto& pipeline : graph_->pipelines()) audited.pipelines.push_back(pipeline.get());
  return audited;
}

}  // namespace millrace::assembly
