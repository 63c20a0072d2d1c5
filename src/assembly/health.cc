// The input of the health pages: whether each receiver can take something, and how each
// destination and storage is.
#include <algorithm>
#include <string>
#include <utility>

#include "assembly/collector.h"
#include "assembly/component_states.h"

namespace millrace::assembly {

extensions::Health Collector::health_at(const io::Loop& loop) const {
  extensions::Health health;
  health.is_draining = phase_.load(std::memory_order_relaxed) != Phase::kRunning;
  health.is_accepting = !health.is_draining;
  health.started_at = started_wall_;
  health.now = loop.wall_now();
  for (const auto& turned : last_turn_ns_) {
    const Duration since =
        loop.now().time_since_epoch() - Duration(turned->load(std::memory_order_relaxed));
    health.longest_since_turn = std::max(health.longest_since_turn, since);
  }
  for (const auto& destination : kept_.destinations) {
    const pipeline::DestinationOptions& options = destination->options();
    const pipeline::DestinationNumbers numbers = destination->numbers();
    const pipeline::DestinationHealth state = destination->health();
    extensions::DestinationHealth entry{.name = options.name,
                                        .signal = std::string(signal_name(options.signal)),
                                        .is_required = options.required,
                                        .queue_size = numbers.queue_size,
                                        .queue_capacity = numbers.queue_capacity,
                                        .in_flight = numbers.in_flight,
                                        .consecutive_failures = state.consecutive_failures,
                                        .is_breaker_open = numbers.breaker_open,
                                        .since_success = std::nullopt,
                                        .last_answer = state.last_answer};
    if (state.last_success) entry.since_success = loop.now() - *state.last_success;
    health.destinations.push_back(std::move(entry));
  }
  add_receivers_to(health);
  for (size_t index = 0; index < kept_.storages.size(); ++index) {
    const Storages::State state = kept_.storages.state(index);
    health.storages.push_back({.name = state.id, .trouble = state.trouble});
  }
  for (const ledger::Finding& finding : auditor_->findings()) {
    health.ledger_findings.push_back(finding.to_text());
  }
  return health;
}

std::vector<extensions::ComponentState> Collector::components() const {
  return component_states(kept_.metrics.snapshot());
}

// Why the destination would refuse a request now; empty: it takes one, or may miss it.
std::string Collector::refusal_of(const pipeline::Destination& destination,
                                  const extensions::DestinationHealth& health) {
  const pipeline::DestinationOptions& options = destination.options();
  if (!options.required) return {};
  if (options.queue.on_full != pipeline::OnFull::kDropOldest && is_queue_full(health)) {
    return full_queue_text(health);
  }
  pipeline::Backlog* const backlog = destination.backlog();
  if (backlog == nullptr || backlog->options().survives_in_memory || backlog->options().spills) {
    return {};
  }
  return backlog->log().refusal();
}

// health.destinations stand in the order of kept_.destinations.
void Collector::add_receivers_to(extensions::Health& health) const {
  for (size_t receiver = 0; receiver < plan_.receivers.size(); ++receiver) {
    // No sender hears of what a receiver fetches by itself.
    if (plan_.receivers[receiver].listeners.empty()) continue;
    for (const Signal signal : kSignals) {
      extensions::ReceiverHealth entry{.name = plan_.receivers[receiver].id,
                                       .signal = std::string(signal_name(signal)),
                                       .refusals = {}};
      bool is_used = false;
      // A request enters all pipelines of its signal that name the receiver, or none.
      for (const PipelinePlan& pipeline : plan_.pipelines) {
        if (pipeline.signal != signal ||
            std::ranges::find(pipeline.receivers, receiver) == pipeline.receivers.end()) {
          continue;
        }
        is_used = true;
        for (size_t index = 0; index < kept_.destinations.size(); ++index) {
          const pipeline::DestinationOptions& options = kept_.destinations[index]->options();
          const bool is_fed = std::ranges::any_of(pipeline.exporters, [&](size_t exporter) {
            return options.signal == signal && plan_.exporters[exporter].id == options.name;
          });
          if (!is_fed) continue;
          std::string refusal = refusal_of(*kept_.destinations[index], health.destinations[index]);
          if (!refusal.empty()) entry.refusals.push_back(std::move(refusal));
        }
      }
      if (is_used) health.receivers.push_back(std::move(entry));
    }
  }
}

}  // namespace millrace::assembly
