#include "assembly/worker.h"

#include <algorithm>
#include <utility>

#include "assembly/counting_processor.h"
#include "assembly/server_options.h"
#include "metrics/otelcol_names.h"
#include "pipeline/otlp_cutter.h"
#include "transport/eviction_order.h"

namespace millrace::assembly {
namespace {

// Enough for a worker at full speed to run without asking the system for memory (with 4, page
// faults were 15 % of the cost at 1,000 spans a request); trimmed once a second to what was used.
constexpr size_t kIdleChunksMax = 64;

// In seconds. A slice of long work is 1 ms, and a turn has at most two of them.
constexpr std::array kTurnBounds = {0.0001, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016,
                                    0.032,  0.064,  0.128, 0.256, 0.512, 1.024};

template <class Value>
bool contains(const std::vector<Value>& values, const Value& value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

Worker::Worker(Shared& shared, io::Loop& loop)
    : shared_(shared),
      loop_(loop),
      pool_(*shared.budget, kIdleChunksMax),
      long_work_(loop_, pool_, shared.long_work),
      eviction_(std::make_shared<transport::EvictionOrder>()) {}

Worker::~Worker() {
  // What is in the middle of a message ends. Servers hand in no more; then destinations, which
  // still answer senders that wait for them, and so call receivers; then the rest.
  loop_.record_turns(nullptr);
  long_work_.finish();
  servers_.clear();
  for (auto& of_exporter : destinations_) {
    for (auto& destination : of_exporter) {
      if (destination != nullptr) destination->stop_exporting();
    }
  }
  // What waits for the disk gives its places back while there are destinations to take them.
  for (const auto& intake : intakes_) intake->abandon_waiting();
  for (auto& of_connector : connector_outputs_) {
    for (pipeline::ConnectorOutputs& outputs : of_connector) {
      for (const auto& intake : outputs.groups) intake->abandon_waiting();
    }
  }
  destinations_.clear();
  connector_outputs_.clear();
  pipelines_.clear();
  intakes_.clear();
  receivers_.clear();
}

Result<std::unique_ptr<Worker>> Worker::create(Shared& shared, io::Loop& loop, size_t index) {
  std::unique_ptr<Worker> worker(new Worker(shared, loop));
  loop.record_turns(&shared.metrics->histogram(
      "millrace_loop_turn_seconds", "How long turns of a worker's event loop take.",
      {{"worker", std::to_string(index)}}, {kTurnBounds.begin(), kTurnBounds.end()}));
  if (Status made = worker->make_destinations(); !made) return fail(made.error());
  worker->make_pipelines();
  worker->make_connectors();
  worker->make_take_overs();
  worker->make_receivers();
  return worker;
}

Status Worker::make_destinations() {
  const Plan& plan = *shared_.plan;
  destinations_.resize(plan.exporters.size());
  connector_outputs_.resize(plan.exporters.size());
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    for (const Signal signal : kSignals) {
      pipeline::Destination* destination = shared_.destinations[index][index_of(signal)];
      if (destination == nullptr) continue;
      auto exporter = plan.exporters[index].factory->make(
          {.loop = loop_,
           .pool = pool_,
           .long_work = long_work_,
           .log = *shared_.log,
           .unsampled_log = *shared_.unsampled_log,
           .outputs_of_process = shared_.outputs_of_process,
           .files = *shared_.files,
           .wall_clock = shared_.wall_clock,
           .credentials = plan.exporters[index].credentials,
           .outputs = &connector_outputs_[index][index_of(signal)]},
          signal);
      if (!exporter) {
        return fail(exporter.error().code,
                    "exporter " + plan.exporters[index].id + ": " + exporter.error().message);
      }
      destinations_[index][index_of(signal)] = std::make_unique<pipeline::DestinationWorker>(
          *destination, loop_,
          pipeline::DestinationWorker::Parts{.exporter = std::move(*exporter),
                                             .cutter = pipeline::make_otlp_cutter(),
                                             .pool = &pool_,
                                             .log = shared_.log,
                                             .dead_letters = shared_.dead_letters[index],
                                             .long_work = &long_work_});
    }
  }
  return {};
}

void Worker::make_pipelines() {
  const Plan& plan = *shared_.plan;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    std::vector<pipeline::PipelineWorker::Output> outputs;
    for (const size_t exporter : pipeline.exporters) {
      outputs.push_back({.destination = destinations_[exporter][index_of(pipeline.signal)].get(),
                         .account = &shared_.ledger->open(pipeline.signal, pipeline.id,
                                                          plan.exporters[exporter].id)});
    }
    auto worker =
        std::make_unique<pipeline::PipelineWorker>(loop_, pipeline.id, std::move(outputs));
    for (const size_t processor : pipeline.processors) {
      const auto& factory = plan.processors[processor].factory;
      if (factory == nullptr) continue;
      const metrics::Labels labels = {{"processor", plan.processors[processor].id},
                                      {"otel_signal", std::string(signal_name(pipeline.signal))}};
      auto counter = [&](const metrics::MetricInfo& info) -> metrics::Counter& {
        return shared_.metrics->counter(info.name, info.help, labels);
      };
      worker->add_processor(
          std::make_unique<CountingProcessor>(
              factory->make(pipeline.signal, worker->next_emitter()),
              counter(metrics::kProcessorIncomingItems), counter(metrics::kProcessorOutgoingItems)),
          long_work_);
    }
    pipelines_.push_back(std::move(worker));
  }
}

// The counters of the memory_limiters that stand between a receiver and its exporters, each once.
std::vector<metrics::Counter*> Worker::memory_limiters_behind(size_t receiver, Signal signal) {
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

void Worker::make_connectors() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.exporters.size(); ++index) {
    if (!plan.exporters[index].connector) continue;
    for (const Signal signal : kSignals) {
      if (shared_.destinations[index][index_of(signal)] == nullptr) continue;
      for (const std::vector<size_t>& group : plan.exporters[index].connector->groups) {
        std::vector<pipeline::PipelineWorker*> fed;
        for (const size_t pipeline : group) {
          if (plan.pipelines[pipeline].signal == signal) fed.push_back(pipelines_[pipeline].get());
        }
        if (fed.empty()) continue;
        connector_outputs_[index][index_of(signal)].groups.push_back(
            std::make_unique<pipeline::Intake>(loop_, std::move(fed)));
      }
    }
  }
}

// What a level of a failover has on disk from an earlier run, and cannot deliver, goes to the
// levels behind it.
void Worker::make_take_overs() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.pipelines.size(); ++index) {
    const PipelinePlan& pipeline = plan.pipelines[index];
    for (const size_t exporter : pipeline.exporters) {
      if (!plan.exporters[exporter].hands_back[index_of(pipeline.signal)]) continue;
      destinations_[exporter][index_of(pipeline.signal)]->let_take_over(
          shared_.ledger->open(pipeline.signal, pipeline.id, plan.exporters[exporter].id),
          levels_behind(index));
    }
  }
}

// Of the one failover that feeds the pipeline.
std::vector<pipeline::Intake*> Worker::levels_behind(size_t pipeline) {
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
      const auto& intake = connector_outputs_[exporter][index_of(signal)].groups[next++];
      if (is_behind) levels.push_back(intake.get());
      is_behind = is_behind || contains(group, pipeline);
    }
  }
  return levels;
}

void Worker::make_receivers() {
  const Plan& plan = *shared_.plan;
  for (size_t index = 0; index < plan.receivers.size(); ++index) {
    const ReceiverPlan& receiver = plan.receivers[index];
    receivers::OtlpReceiver::Parts parts{.name = receiver.id,
                                         .loop = &loop_,
                                         .long_work = &long_work_,
                                         .metrics = shared_.metrics,
                                         .log = shared_.log,
                                         .connection_count = &shared_.connection_count};
    parts.refusals = shared_.refusals[index];
    for (const Signal signal : kSignals) {
      std::vector<pipeline::PipelineWorker*> fed;
      for (size_t p = 0; p < plan.pipelines.size(); ++p) {
        const PipelinePlan& pipeline = plan.pipelines[p];
        if (pipeline.signal != signal) continue;
        for (const size_t named : pipeline.receivers) {
          if (named == index) fed.push_back(pipelines_[p].get());
        }
      }
      if (fed.empty()) continue;
      parts.memory_refused[index_of(signal)] = memory_limiters_behind(index, signal);
      intakes_.push_back(std::make_unique<pipeline::Intake>(loop_, std::move(fed)));
      parts.intakes[index_of(signal)] = intakes_.back().get();
    }
    auto policy_of = [](const auto& protocol) {
      if (!protocol) return pipeline::Policy::kDurable;
      switch (protocol->acknowledge) {
        case receivers::Acknowledge::kAccepted:
          return pipeline::Policy::kAccepted;
        case receivers::Acknowledge::kDelivered:
          return pipeline::Policy::kDelivered;
        case receivers::Acknowledge::kDurable:
          break;
      }
      return pipeline::Policy::kDurable;
    };
    parts.grpc_policy = policy_of(receiver.options.grpc);
    parts.http_policy = policy_of(receiver.options.http);
    if (receiver.options.http) parts.message_bytes_max = receiver.options.http->message_bytes_max;
    parts.message_bytes_max =
        std::min(parts.message_bytes_max, shared_.budget->limit_of_messages());
    const auto intakes = parts.intakes;
    receivers_.push_back(std::make_unique<receivers::OtlpReceiver>(std::move(parts)));
    if (receiver.options.grpc) {
      make_server(index, *receiver.options.grpc,
                  grpc_server_options(receiver, intakes, *receivers_.back()), receiver.grpc_tls);
    }
    if (receiver.options.http) {
      make_server(index, *receiver.options.http,
                  http_server_options(receiver, intakes, *receivers_.back()), receiver.http_tls);
    }
  }
}

pipeline::Intake* Worker::open_source(Signal signal) {
  std::vector<pipeline::PipelineWorker*> fed;
  for (size_t index = 0; index < pipelines_.size(); ++index) {
    if (shared_.plan->pipelines[index].signal == signal) fed.push_back(pipelines_[index].get());
  }
  if (fed.empty()) return nullptr;
  intakes_.push_back(std::make_unique<pipeline::Intake>(loop_, std::move(fed)));
  return intakes_.back().get();
}

void Worker::flush_batches() {
  for (const auto& by_signal : destinations_) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) destination->flush();
    }
  }
}

void Worker::make_server(size_t receiver, const receivers::ProtocolOptions& protocol,
                         transport::ServerOptions options,
                         std::shared_ptr<io::TlsServerContext> tls) {
  // What the whole budget cannot hold is too large, and not "try again later".
  const size_t budget_bytes = shared_.budget->limit_of_messages();
  options.grpc_message_bytes_max = std::min(options.grpc_message_bytes_max, budget_bytes);
  options.http_body_bytes_max = std::min(options.http_body_bytes_max, budget_bytes);
  options.eviction = eviction_;
  servers_.push_back(
      {.server = transport::make_server(loop_, pool_, std::move(options), *receivers_[receiver],
                                        &long_work_),
       .where = {.host = protocol.host, .port = protocol.port, .tls = std::move(tls)},
       .what = shared_.plan->receivers[receiver].id + " on " + protocol.endpoint});
}

std::string listen_advice(Code code, std::string_view what) {
  if (code == Code::kAlreadyExists) {
    return " (is another collector running? `ss -ltnp` names the process that has the port; stop "
           "it, or change " +
           std::string(what) + ")";
  }
  if (code == Code::kPermissionDenied) {
    return " (ports below 1024 need CAP_NET_BIND_SERVICE; or change " + std::string(what) + ")";
  }
  return {};
}

Status Worker::listen(std::vector<uint16_t>& ports, bool share_port,
                      std::vector<std::shared_ptr<io::Placement>>& placements) {
  const bool first = ports.empty();
  for (size_t index = 0; index < servers_.size(); ++index) {
    ListeningServer& listening = servers_[index];
    listening.where.share_port = share_port;
    if (first) placements.push_back(share_port ? std::make_shared<io::Placement>() : nullptr);
    listening.where.placement = placements[index];
    if (!first) listening.where.port = ports[index];
    const Result<uint16_t> port = listening.server->listen(listening.where);
    if (!port) {
      return fail(port.error().code, "receiver " + listening.what + ": " + port.error().message +
                                         listen_advice(port.error().code, "its endpoint"));
    }
    if (first) ports.push_back(*port);
  }
  return {};
}

void Worker::drain_servers(std::function<void()> drained) {
  auto left = std::make_shared<size_t>(servers_.size());
  if (*left == 0) {
    drained();
    return;
  }
  auto shared_drained = std::make_shared<std::function<void()>>(std::move(drained));
  for (ListeningServer& listening : servers_) {
    listening.server->drain([left, shared_drained] {
      if (--*left == 0) (*shared_drained)();
    });
  }
}

void Worker::add_to(pipeline::Drain& drain) {
  for (const auto& intake : intakes_) drain.add(*intake);
  for (const auto& pipeline : pipelines_) drain.add(*pipeline);
}

void Worker::count_held(ledger::Held& held) const {
  for (const auto& by_signal : destinations_) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) destination->count_held(held);
    }
  }
  for (const auto& pipeline : pipelines_) pipeline->count_held(held);
}

pipeline::Auditor::OnLoop Worker::audited() const {
  pipeline::Auditor::OnLoop audited{.loop = &loop_, .destinations = {}, .pipelines = {}};
  for (const auto& by_signal : destinations_) {
    for (const auto& destination : by_signal) {
      if (destination != nullptr) audited.destinations.push_back(destination.get());
    }
  }
  for (const auto& pipeline : pipelines_) audited.pipelines.push_back(pipeline.get());
  return audited;
}

}  // namespace millrace::assembly
