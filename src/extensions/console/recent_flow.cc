#include "extensions/console/recent_flow.h"

#include <utility>

#include "extensions/console/quantiles.h"

namespace millrace::extensions::console {
namespace {

constexpr Duration kInterval = 10s;
constexpr size_t kSamplesMax = 6;

}  // namespace

RecentFlow::RecentFlow(io::Loop& loop, Source& source)
    : loop_(loop), source_(source), timer_(loop.make_timer([this] { sample(); })) {
  timer_->arm_at(loop.now() + kInterval);
}

void RecentFlow::sample() {
  if (samples_.size() == kSamplesMax) samples_.pop_front();
  auto& sample = samples_.emplace_back();
  for (const DestinationState& each : source_.state().destinations) {
    sample.push_back({each.batch_items, each.latency_ns});
  }
  timer_->arm_at(loop_.now() + kInterval);
}

State RecentFlow::state() const {
  State state = source_.state();
  // Until the first minute is over everything since the start is recent.
  const bool is_full = samples_.size() == kSamplesMax;
  for (size_t i = 0; i < state.destinations.size(); ++i) {
    DestinationState& each = state.destinations[i];
    const Counts* const before =
        is_full && i < samples_.front().size() ? &samples_.front()[i] : nullptr;
    each.recent_batch_items =
        quantiles_since(each.batch_items, before == nullptr ? nullptr : &before->batch_items);
    each.recent_latency_ns =
        quantiles_since(each.latency_ns, before == nullptr ? nullptr : &before->latency_ns);
  }
  return state;
}

}  // namespace millrace::extensions::console
