// DestinationWorker with hands_back: what becomes of data that it cannot deliver and that nobody
// waits for.
//
// Whoever takes over (connectors/failover) waits for the delivery of what it hands in, and is told
// when it is given back. What lies on disk from an earlier run came in the same way, but who waited
// is gone: dropping it as handed back would lose it. It is offered to the next levels, one after
// the other, and stays here, held and on disk, until one of them has delivered it. Not through the
// queue of the one who takes over: that may try this destination first, and what it puts on this
// disk waits for the memory that is held here.
#include <utility>

#include "base/check.h"
#include "destination/destination_worker.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

using ledger::DropReason;

void DestinationWorker::let_take_over(const ledger::Account& account,
                                      std::vector<Intake*> next_levels) {
  MILLRACE_CHECK(!next_levels.empty());
  next_levels_[&account] = std::move(next_levels);
}

bool DestinationWorker::hands_over(DropReason reason, const Entry& entry) const {
  const bool may_pass = reason == DropReason::kHandedBack || reason == DropReason::kRetryExpired ||
                        reason == DropReason::kNotRetried;
  return options_.hands_back && may_pass && entry.completion == nullptr && !closed_ &&
         drain_deadline_ == kNever && next_levels_.contains(entry.account);
}

// Its place in flight is free for others from now on. How much is on its way is bounded by the
// memory that its place in the queue stands for.
void DestinationWorker::hand_over(const Flight& flight, Entry& entry, size_t offset) {
  Queued queued;
  queued.payload = {.signal = flight.signal,
                    .item_count = entry.item_count,
                    .bytes = flight.bytes.slice(offset, entry.size),
                    .metadata = flight.metadata,
                    .completion = nullptr,
                    .admitted_at = loop_.now()};
  queued.account = entry.account;
  queued.admitted_bytes = entry.admitted_bytes;
  queued.cost = entry.cost;
  queued.requests = entry.requests;
  queued.is_part = entry.is_part;
  queued.is_compact = flight.is_compact;
  queued.place = std::move(entry.place);
  const uint64_t id = next_handing_over_++;
  handing_over_.emplace(id, HandingOver{.queued = std::move(queued)});
  offer(id);
}

// To the next level that was not asked yet; later, or not at all, when there is none.
void DestinationWorker::offer(uint64_t id) {
  HandingOver& one = handing_over_.at(id);
  const std::vector<Intake*>& levels = next_levels_.at(one.queued.account);
  one.is_offered = one.level < levels.size();
  if (!one.is_offered) {
    if (!take_over_timer_->armed()) {
      take_over_timer_->arm_at(loop_.now() + options_.retry.initial_interval);
    }
    return;
  }
  Payload copy = one.queued.payload;  // shares the bytes
  levels[one.level++]->submit(std::move(copy), Policy::kDelivered, kNever,
                              [self = self_, id](const Verdict& verdict) {
                                if (*self != nullptr) (*self)->on_taken_over(id, verdict);
                              });
}

void DestinationWorker::on_taken_over(uint64_t id, const Verdict& verdict) {
  const auto found = handing_over_.find(id);
  if (found == handing_over_.end()) return;  // dropped, or left on disk, at the end
  const bool was_refused_for_now = !verdict.ok() && verdict.retry_after;
  if (was_refused_for_now && drain_deadline_ == kNever) {
    offer(id);
    return;
  }
  Queued queued = std::move(found->second.queued);
  handing_over_.erase(found);
  if (was_refused_for_now) {
    drop(std::move(queued), DropReason::kDrainDeadline, verdict);
    return;
  }
  // Delivered, or refused for good: both are counted where it went.
  book_.drop(*queued.account, DropReason::kHandedBack, queued.amount());
  destination_.release(1, queued.requests, queued.cost);
}

// Nobody could take it: it begins again in this queue. The destination may answer by now, and if
// not, one of them is its probe.
void DestinationWorker::queue_again() {
  std::vector<uint64_t> waiting;
  for (const auto& [id, one] : handing_over_) {
    if (!one.is_offered) waiting.push_back(id);
  }
  for (size_t i = waiting.size(); i > 0; --i) {
    Queued queued = std::move(handing_over_.extract(waiting[i - 1]).mapped().queued);
    if (partitioned()) {
      push(std::move(queued));
    } else {
      local_.push_front(std::move(queued));
    }
  }
  if (!waiting.empty()) schedule_pump();
}

}  // namespace millrace::pipeline
