#include "assembly/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "assembly/destination_options.h"
#include "assembly/reload_reports.h"
#include "assembly/self_metrics.h"
#include "base/check.h"
#include "metrics/label_name.h"

namespace millrace::assembly {
namespace {

// The part of the memory budget that messages leave to connections.
constexpr size_t kConnectionsPart = 8;
constexpr Duration kTick = 1s;
// How long idle connections get to receive GOAWAY before the queues are flushed; requests
// that were being read are finished meanwhile.
constexpr Duration kSettle = 1s;
constexpr std::string_view kPrometheusText =
    "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

// otelcol's three attributes, and what the configuration adds, changes or removes.
metrics::Labels resource_of(const Plan& plan, io::Loop& loop) {
  std::map<std::string, std::string> attributes = {
      {"service_name", "millrace"},
      {"service_version", MILLRACE_VERSION},
      {"service_instance_id",
       fmt::format("{:016x}{:016x}", loop.random().next(), loop.random().next())}};
  for (const auto& [name, value] : plan.resource) attributes[metrics::label_name(name)] = value;
  for (const std::string& name : plan.resource_without) {
    attributes.erase(metrics::label_name(name));
  }
  return {attributes.begin(), attributes.end()};
}

}  // namespace

KeptByCollector::KeptByCollector(const Plan& plan)
    : budget(plan.budget_bytes, plan.budget_bytes / kConnectionsPart) {}

Collector::Collector(Plan plan, World world)
    : plan_(std::move(plan)),
      world_(std::move(world)),
      kept_(plan_),
      page_servers_(*world_.loops.front()) {
  shared_.plan = &plan_;
  shared_.log = world_.log;
  shared_.unsampled_log = world_.unsampled_log;
  shared_.outputs_of_process = world_.outputs_of_process;
  shared_.files = world_.files;
  shared_.wall_clock = world_.wall_clock;
  shared_.long_work = world_.long_work;
  shared_.budget = &kept_.budget;
  shared_.metrics = &kept_.metrics;
  shared_.ledger = &kept_.ledger;
  metrics::Labels resource = resource_of(plan_, *world_.loops.front());
  const auto instance = std::ranges::find(resource, "service_instance_id",
                                          &std::pair<std::string, std::string>::first);
  if (instance != resource.end()) shared_.instance_id = instance->second;
  kept_.metrics.set_resource(std::move(resource));
  started_at_ = world_.loops.front()->now();
  started_wall_ = world_.loops.front()->wall_now();
}

Collector::~Collector() {
  end();
  kept_.destinations.clear();
  kept_.storages.clear();
  kept_.queue_memory = Reservation();
  // All that was reserved belonged to something that is gone now.
  MILLRACE_DCHECK(kept_.budget.used() == 0);
}

void Collector::end() {
  page_servers_.close();
  if (console_ != nullptr) console_->close();
  self_metrics_.reset();
  tick_timers_.clear();
  if (auditor_ != nullptr) auditor_->stop();
  drain_.reset();
  workers_.clear();
  console_.reset();
  for (const AuthPlan& auth : plan_.auths) {
    if (auth.extension->use_lane) auth.extension->use_lane(nullptr);
  }
  auth_lane_.reset();
  kept_.storages.end();
  // Answers on their way to another loop own requests, and these memory of the budget.
  for (io::Loop* loop : world_.loops) loop->drop_tasks();
  if (world_.console_loop != nullptr) world_.console_loop->drop_tasks();
}

Result<std::unique_ptr<Collector>> Collector::create(Plan plan, World world) {
  std::unique_ptr<Collector> collector(new Collector(std::move(plan), std::move(world)));
  if (Status opened = collector->open_storages(); !opened) return fail(opened.error());
  if (Status made = collector->make_destinations(); !made) return fail(made.error());
  if (Status made = collector->make_dead_letters(); !made) return fail(made.error());
  if (Status made = collector->make_console_site(); !made) return fail(made.error());
  if (Status made = collector->make_workers(); !made) return fail(made.error());
  collector->make_auditor();
  if (Status made = collector->make_pages(); !made) return fail(made.error());
  return collector;
}

Status Collector::open_storages() {
  Status opened = kept_.storages.open(plan_, {.disk = world_.disk,
                                              .make_lane = world_.make_lane,
                                              .wall_clock = world_.wall_clock,
                                              .at_point = world_.at_storage_point,
                                              .log = world_.log});
  if (!opened) return opened;
  for (io::Loop* loop : world_.loops) kept_.storages.add_loop(*loop);
  for (size_t index = 0; index < kept_.storages.size(); ++index) {
    shared_.storages.push_back(&kept_.storages.storage(index));
  }
  return {};
}

pipeline::DestinationOptions Collector::options_of(size_t exporter, Signal signal,
                                                   uint64_t places_max) const {
  const ExporterPlan& planned = plan_.exporters[exporter];
  const ProcessorPlan* batch = batch_processor_for(plan_, exporter, signal);
  pipeline::DestinationOptions options =
      destination_options(planned, signal, batch == nullptr ? nullptr : &*batch->batch);
  const uint64_t wanted = options.queue.capacity;
  if (limit_places(options.queue, places_max, planned.storage.has_value())) {
    world_.log->warn("queue_size is more than a quarter of the memory budget has places for",
                     {{"exporter", planned.id},
                      {"signal", signal_name(signal)},
                      {"queue_size", wanted},
                      {"places", options.queue.capacity}});
  }
  return options;
}

Status Collector::make_destinations() {
  const uint64_t places_max = places_each(plan_);
  size_t place_bytes = 0;
  shared_.destinations.resize(plan_.exporters.size());
  for (const PipelinePlan& pipeline : plan_.pipelines) {
    for (const size_t exporter : pipeline.exporters) {
      pipeline::Destination*& made = shared_.destinations[exporter][index_of(pipeline.signal)];
      if (made != nullptr) continue;
      kept_.destinations.push_back(std::make_unique<pipeline::Destination>(
          options_of(exporter, pipeline.signal, places_max)));
      made = kept_.destinations.back().get();
      place_bytes += made->queue().slot_count() * pipeline::SendingQueue::kSlotBytes;
    }
  }
  kept_.queue_memory = Reservation::make_beyond(kept_.budget, MemoryTerm::kQueues, place_bytes);
  if (Status attached = attach_storages(); !attached) return attached;
  shared_.refusals.resize(plan_.receivers.size());
  for (size_t index = 0; index < plan_.receivers.size(); ++index) {
    for (const Signal signal : kSignals) {
      shared_.refusals[index][index_of(signal)] =
          &kept_.ledger.open_receiver(signal, plan_.receivers[index].id);
    }
  }
  return {};
}

// One writer for each path: components may share a file.
Status Collector::make_dead_letters() {
  std::map<std::string, std::shared_ptr<exporters::FileWriter>> writers;
  const auto make = [&](const std::string& kind, const std::string& id,
                        const std::optional<config::DeadLetterConfig>& letter,
                        pipeline::DeadLetters*& into) -> Status {
    if (!letter) return {};
    std::shared_ptr<exporters::FileWriter>& writer = writers[letter->path];
    if (writer == nullptr) {
      auto opened = open_dead_letter_file(*letter, *world_.files, world_.wall_clock);
      if (!opened) {
        return fail(opened.error().code,
                    kind + " " + id + ": dead_letter: " + opened.error().message);
      }
      writer = std::move(*opened);
    }
    kept_.dead_letters.push_back(std::make_unique<DeadLetterFile>(
        DeadLetterFile::Parts{.kind = kind,
                              .owner = id,
                              .includes_expired = letter->include_expired,
                              .writer = writer,
                              .wall_clock = world_.wall_clock,
                              .log = world_.log,
                              .metrics = &kept_.metrics,
                              .budget = &kept_.budget}));
    into = kept_.dead_letters.back().get();
    return {};
  };
  shared_.dead_letters.resize(plan_.exporters.size());
  for (size_t i = 0; i < plan_.exporters.size(); ++i) {
    const ExporterPlan& plan = plan_.exporters[i];
    Status made = make("exporter", plan.id, plan.helper.dead_letter, shared_.dead_letters[i]);
    if (!made) return made;
  }
  shared_.receiver_dead_letters.resize(plan_.receivers.size());
  for (size_t i = 0; i < plan_.receivers.size(); ++i) {
    const ReceiverPlan& plan = plan_.receivers[i];
    Status made = make("receiver", plan.id, plan.dead_letter, shared_.receiver_dead_letters[i]);
    if (!made) return made;
  }
  return {};
}

// Every account of a destination with storage has its own cursor in the log.
Status Collector::attach_storages() {
  std::set<const pipeline::Destination*> stored;
  const auto for_each_stored = [&](auto&& visit) {
    for (const PipelinePlan& pipeline : plan_.pipelines) {
      for (const size_t exporter : pipeline.exporters) {
        if (!plan_.exporters[exporter].storage) continue;
        visit(pipeline, plan_.exporters[exporter],
              *shared_.destinations[exporter][index_of(pipeline.signal)]);
      }
    }
  };
  for_each_stored([&](const PipelinePlan&, const ExporterPlan&,
                      pipeline::Destination& destination) { stored.insert(&destination); });
  Status status;
  for_each_stored([&](const PipelinePlan& pipeline, const ExporterPlan& exporter,
                      pipeline::Destination& destination) {
    if (!status) return;
    status = kept_.storages.attach(exporter, destination,
                                   kept_.ledger.open(pipeline.signal, pipeline.id, exporter.id),
                                   kept_.budget, stored.size());
  });
  if (status && !kept_.storages.empty()) kept_.storages.report(plan_);
  return status;
}

// Checks of credentials that are slow block no loop.
void Collector::give_auths_a_lane() {
  for (const AuthPlan& auth : plan_.auths) {
    if (!auth.extension->use_lane || !world_.make_lane) continue;
    if (auth_lane_ == nullptr) auth_lane_ = world_.make_lane("auth-checks");
    auth.extension->use_lane(auth_lane_.get());
  }
}

Status Collector::make_workers() {
  report_reloads(plan_, world_.log);
  give_auths_a_lane();
  shared_.worker_count = world_.loops.size();
  for (size_t index = 0; index < world_.loops.size(); ++index) {
    io::Loop& loop = *world_.loops[index];
    auto worker = Worker::create(shared_, loop, index);
    if (!worker) return fail(worker.error());
    workers_.push_back(std::move(*worker));
    if (Status listening = workers_.back()->listen(ports_, world_.share_ports, placements_);
        !listening) {
      return listening;
    }
    last_turn_ns_.push_back(
        std::make_unique<std::atomic<int64_t>>(loop.now().time_since_epoch().count()));
    tick_timers_.push_back(loop.make_timer([this, index] { tick(index); }));
    tick_timers_.back()->arm_at(loop.now() + kTick);
  }
  return {};
}

void Collector::make_auditor() {
  pipeline::Auditor::Parts parts{.loops = {},
                                 .destinations = {},
                                 .ledger = &kept_.ledger,
                                 .log = world_.log,
                                 .on_finding = world_.on_ledger_finding};
  for (const auto& worker : workers_) parts.loops.push_back(worker->audited());
  for (const auto& destination : kept_.destinations)
    parts.destinations.push_back(destination.get());
  auditor_ = std::make_unique<pipeline::Auditor>(std::move(parts));
}

Status Collector::make_pages() {
  self_metrics_ = std::make_unique<SelfMetrics>(kept_.metrics, kept_.ledger, kept_.budget,
                                                [this] { return recent_held(); });
  self_metrics_->add_audit(*auditor_);
  add_components(*self_metrics_, shared_);
  for (size_t index = 0; index < kept_.storages.size(); ++index) {
    self_metrics_->add_storage(kept_.storages.id(index),
                               [this, index] { return kept_.storages.state(index).numbers; });
  }
  if (console_ != nullptr) {
    if (Status served = make_console(); !served) return served;
  }
  if (plan_.metrics_page && !metrics_stand_at_the_console()) {
    Status served = page_servers_.serve(
        {{.path = "/metrics",
          .handler = [this](const transport::PageRequest&) { return metrics_page(); }}},
        {.host = plan_.metrics_page->host, .port = plan_.metrics_page->port},
        "service::telemetry::metrics");
    if (!served) return served;
  }
  for (const extensions::HealthCheckOptions& options : plan_.health_checks) {
    Status served =
        page_servers_.serve(extensions::make_health_pages(options, *this),
                            {.host = options.host, .port = options.port}, options.extension);
    if (!served) return served;
  }
  return {};
}

transport::PageReply Collector::metrics_page() const {
  return {.status = 200,
          .content_type = std::string(kPrometheusText),
          .body = kept_.metrics.to_prometheus_text(plan_.metrics_page->counters_end_in_total
                                                       ? metrics::CounterNames::kWithTotal
                                                       : metrics::CounterNames::kPlain)};
}

void Collector::tick(size_t worker) {
  workers_[worker]->trim_pool();
  io::Loop& loop = workers_[worker]->loop();
  if (worker == 0) {
    auditor_->start_round();
    kept_.storages.tick();
    for (const auto& destination : kept_.destinations) destination->losses().tick(loop, world_.log);
  }
  last_turn_ns_[worker]->store(loop.now().time_since_epoch().count(), std::memory_order_relaxed);
  tick_timers_[worker]->arm_at(loop.now() + kTick);
}

ledger::Held Collector::recent_held() const {
  ledger::Held held = auditor_->recent_held();
  for (const auto& destination : kept_.destinations) destination->count_held(held);
  return held;
}

ledger::Held Collector::held() const {
  ledger::Held held;
  for (const auto& destination : kept_.destinations) destination->count_held(held);
  for (const auto& worker : workers_) worker->count_held(held);
  return held;
}

void Collector::drain(Duration timeout, std::function<void()> done) {
  io::Loop& loop = *world_.loops.front();
  drain_done_ = std::move(done);
  drain_deadline_ = loop.now() + timeout;
  phase_.store(Phase::kClosing, std::memory_order_relaxed);
  serving_workers_ = workers_.size();
  for (const auto& worker : workers_) {
    Worker* closing = worker.get();
    closing->loop().post([this, closing, &loop] {
      closing->drain_servers([this, &loop] {
        loop.post([this] {
          --serving_workers_;
          if (serving_workers_ != 0) return;
          if (phase_.load(std::memory_order_relaxed) == Phase::kClosing) drain_pipelines();
          if (phase_.load(std::memory_order_relaxed) == Phase::kDone) finish_drain();
        });
      });
    });
  }
  drain_timer_ = loop.make_timer([this] {
    if (phase_.load(std::memory_order_relaxed) == Phase::kClosing) {
      drain_pipelines();
    } else if (phase_.load(std::memory_order_relaxed) == Phase::kDone) {
      serving_workers_ = 0;  // clients that have not read their answer by now are cut off
      finish_drain();
    }
  });
  drain_timer_->arm_at(std::min(loop.now() + kSettle, drain_deadline_));
}

void Collector::drain_pipelines() {
  io::Loop& loop = *world_.loops.front();
  phase_.store(Phase::kFlushing, std::memory_order_relaxed);
  drain_ = std::make_unique<pipeline::Drain>(loop);
  for (const auto& worker : workers_) worker->add_to(*drain_);
  for (const auto& destination : kept_.destinations) drain_->add(*destination);
  drain_->start(drain_deadline_, [this] { close_storages(); });
}

void Collector::close_storages() {
  io::Loop& loop = *world_.loops.front();
  kept_.storages.close(loop, [this, &loop] {
    phase_.store(Phase::kDone, std::memory_order_relaxed);
    // Senders that waited for delivery are being answered in this moment.
    drain_timer_->arm_at(loop.now() + kSettle);
    finish_drain();
  });
}

void Collector::finish_drain() {
  if (serving_workers_ != 0 || !drain_done_) return;
  drain_timer_->disarm();
  std::exchange(drain_done_, nullptr)();
}

}  // namespace millrace::assembly
