// The console's view of the collector, and how it is served. Each number here is safe from any
// thread.
#include <algorithm>
#include <utility>

#include "assembly/collector.h"
#include "extensions/console/guard.h"
#include "extensions/console/test_trace.h"

namespace millrace::assembly {

namespace {

std::optional<Duration> age_of(const pipeline::Destination& destination, MonotonicTime now) {
  const MonotonicTime oldest = destination.oldest();
  return oldest == kNever ? std::nullopt : std::optional(std::max(Duration(0), now - oldest));
}

std::string dead_letter_path_of(const Plan& plan, std::string_view exporter) {
  const auto found = std::ranges::find(plan.exporters, exporter, &ExporterPlan::id);
  if (found == plan.exporters.end() || !found->helper.dead_letter) return {};
  return found->helper.dead_letter->path;
}

std::vector<extensions::console::CertificateState> certificates_of(const Plan& plan) {
  std::vector<extensions::console::CertificateState> certificates;
  const auto add = [&](const std::string& owner, const std::vector<ListenerPlan>& listeners) {
    for (const ListenerPlan& listener : listeners) {
      if (listener.tls == nullptr) continue;
      certificates.push_back({.owner = owner,
                              .protocol = std::string(listener.listener.protocol),
                              .expires_at = listener.tls->certificate_expiry()});
    }
  };
  for (const ReceiverPlan& receiver : plan.receivers) {
    add("receiver " + receiver.id, receiver.listeners);
  }
  for (const ExporterPlan& exporter : plan.exporters) {
    add("exporter " + exporter.id, exporter.listeners);
    if (exporter.client_tls == nullptr) continue;
    const WallTime expires_at = exporter.client_tls->certificate_expiry();
    if (expires_at == WallTime::max()) continue;
    certificates.push_back(
        {.owner = "exporter " + exporter.id, .protocol = {}, .expires_at = expires_at});
  }
  return certificates;
}

}  // namespace

extensions::console::State Collector::state() const {
  const io::Loop& loop = console_loop();
  const extensions::Health health = health_at(loop);
  const ledger::Held held = recent_held();
  extensions::console::State state{
      .now = health.now, .is_accepting = health.is_accepting, .is_draining = health.is_draining};
  for (size_t index = 0; index < kept_.destinations.size(); ++index) {
    const pipeline::DestinationNumbers numbers = kept_.destinations[index]->numbers();
    const extensions::DestinationHealth& known = health.destinations[index];
    state.destinations.push_back(
        {.name = known.name,
         .signal = kept_.destinations[index]->options().signal,
         .is_required = known.is_required,
         .queue_size = numbers.queue_size,
         .queue_capacity = numbers.queue_capacity,
         .in_flight = numbers.in_flight,
         .concurrency_limit = numbers.concurrency_limit,
         .consecutive_failures = known.consecutive_failures,
         .is_breaker_open = numbers.breaker_open,
         .breaker_opened = numbers.breaker_opened,
         .retries = numbers.retries,
         .sent_items = numbers.sent_items,
         .failed_items = numbers.failed_items,
         .enqueue_failed_items = numbers.enqueue_failed_items,
         .since_success = known.since_success,
         .last_answer = known.last_answer,
         .oldest_age = age_of(*kept_.destinations[index], loop.now()),
         .dead_letter_path = dead_letter_path_of(plan_, known.name),
         .batch_items = kept_.destinations[index]->flow().batch_items.counts(),
         .latency_ns = kept_.destinations[index]->flow().latency_ns.counts()});
  }
  for (const ledger::Refusals* receiver : kept_.ledger.receivers()) {
    const auto found = std::ranges::find_if(health.receivers, [&](const auto& entry) {
      return entry.name == receiver->receiver() && entry.signal == signal_name(receiver->signal());
    });
    if (found == health.receivers.end()) continue;  // no pipeline takes this signal of it
    state.receivers.push_back({.name = found->name,
                               .signal = receiver->signal(),
                               .accepted_items = receiver->accepted(),
                               .refused_items = receiver->refused(),
                               .refusals = found->refusals});
  }
  for (size_t index = 0; index < kept_.storages.size(); ++index) {
    const Storages::State storage = kept_.storages.state(index);
    state.storages.push_back({.name = storage.id,
                              .trouble = storage.trouble,
                              .bytes = storage.numbers.bytes_on_disk,
                              .bytes_max = storage.numbers.bytes_max});
  }
  for (const ledger::Account* account : kept_.ledger.accounts()) {
    state.accounts.push_back(
        {.signal = account->signal(),
         .pipeline = account->pipeline(),
         .destination = account->destination(),
         .counts = account->snapshot(),
         .held_items = held.of(*account).items,
         .dead_letter_path = dead_letter_path_of(plan_, account->destination())});
  }
  state.certificates = certificates_of(plan_);
  if (console_ != nullptr) state.recent_file = console_->file_state();
  state.ledger_findings = health.ledger_findings;
  state.audit_count = auditor_->round_count();
  state.memory_limit = kept_.budget.limit();
  state.memory_used = kept_.budget.used();
  state.memory_peak = kept_.budget.peak();
  state.memory_refusals = kept_.budget.refusal_count();
  for (size_t index = 0; index < kMemoryTermCount; ++index) {
    const auto term = static_cast<MemoryTerm>(index);
    state.memory_terms.emplace_back(memory_term_name(term), kept_.budget.used(term));
  }
  return state;
}

bool Collector::metrics_stand_at_the_console() const {
  if (!plan_.console || !plan_.metrics_page) return false;
  const std::string& host = plan_.metrics_page->host;
  const bool is_same_host =
      host == plan_.console->host || (extensions::console::is_loopback(host) &&
                                      extensions::console::is_loopback(plan_.console->host));
  return is_same_host && plan_.metrics_page->port == plan_.console->port;
}

Status Collector::make_console_site() {
  if (!plan_.console) return {};
  console_ = std::make_unique<ConsoleSite>(
      plan_, kept_.budget, console_loop(),
      recent::Run{.id = std::string(shared_.instance_id), .started_at = started_wall_});
  shared_.console = console_.get();
  return console_->open_file(
      {.disk = world_.disk, .make_lane = world_.make_lane, .log = world_.log});
}

Status Collector::make_console() {
  console_facts_ = console_facts(plan_, ports_, workers_.size(), started_wall_);
  for (size_t receiver = 0; receiver < plan_.receivers.size() && test_intake_ == nullptr;
       ++receiver) {
    test_intake_ = workers_.front()->open_source_at(receiver, Signal::kTraces);
  }
  std::vector<transport::PageRoute> more;
  if (metrics_stand_at_the_console()) {
    more.push_back({.path = "/metrics",
                    .handler = [this](const transport::PageRequest&) { return metrics_page(); }});
  }
  return console_->serve(*this, std::move(more));
}

std::optional<std::string> Collector::send_test_trace() {
  if (test_intake_ == nullptr || phase_.load(std::memory_order_relaxed) != Phase::kRunning) {
    return std::nullopt;
  }
  io::Loop& loop = console_loop();
  extensions::console::TestTrace trace =
      extensions::console::make_test_trace(loop.random(), loop.wall_now(), console_->sample());
  pipeline::Payload payload{.signal = Signal::kTraces,
                            .item_count = trace.span_count,
                            .bytes = Rope(std::move(trace.request)),
                            .metadata = nullptr,
                            .completion = nullptr,
                            .admitted_at = {}};
  workers_.front()->loop().post([this, payload = std::move(payload)]() mutable {
    workers_.front()->watcher()->on_admitted(
        {.receiver = "console", .origin = {.protocol = "test"}, .peer = {}, .payload = payload});
    static_cast<void>(test_intake_->submit(std::move(payload), pipeline::Policy::kAccepted, kNever,
                                           [](const pipeline::Verdict&) {}));
  });
  return trace.id;
}

}  // namespace millrace::assembly
