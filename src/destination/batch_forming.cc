// DestinationWorker's first half: when a batch is formed, and of what.
//
// The shared ring is the batch that is growing; a worker takes from it only with a place in flight
// in hand. What a worker took and could not send lies in local_ (or in its partition) and goes
// first. Nobody may be forgotten: who enqueues publishes first and then looks for a place (or at
// active_); who becomes free gives back first and then looks for what waits; all of these are
// sequentially consistent, so one of the two sees the other.
#include <algorithm>
#include <optional>
#include <utility>

#include "destination/destination_worker.h"
#include "pipeline/completion.h"

namespace millrace::pipeline {

void DestinationWorker::Forming::push_back(Queued queued) {
  items += queued.payload.item_count;
  bytes += queued.payload.bytes.size();
  queue.push_back(std::move(queued));
}

void DestinationWorker::Forming::push_front(Queued queued) {
  items += queued.payload.item_count;
  bytes += queued.payload.bytes.size();
  queue.push_front(std::move(queued));
}

Queued DestinationWorker::Forming::take(size_t index) {
  Queued taken = std::move(queue[index]);
  queue.erase(queue.begin() + static_cast<ptrdiff_t>(index));
  items -= taken.payload.item_count;
  bytes -= taken.payload.bytes.size();
  return taken;
}

BatchMode DestinationWorker::mode() const {
  return options_.signal == Signal::kProfiles ? BatchMode::kNone : options_.batch.mode;
}

void DestinationWorker::schedule_pump() {
  if (pump_scheduled_) return;
  pump_scheduled_ = true;
  loop_.defer([self = self_] {
    if (*self == nullptr) return;
    (*self)->pump_scheduled_ = false;
    (*self)->pump(Trigger::kEnqueued);
  });
}

void DestinationWorker::pump(Trigger trigger) {
  if (closed_) {
    expire_drain();
    return;
  }
  if (partitioned()) sort_into_partitions();
  bool has_sent = false;
  while (is_ready(trigger)) {
    if (trigger == Trigger::kTimeout) destination_.overdue_.store(true);
    if (!take_slot()) break;
    std::unique_ptr<Flight> flight = form_whole(trigger);
    if (flight == nullptr && std::exchange(place_is_kept_, false)) {
      trigger = Trigger::kEnqueued;
      continue;
    }
    if (flight == nullptr) {
      // Another worker was quicker. Whoever enqueued meanwhile may have seen our place taken.
      give_back_slot();
      if (any_waits()) {
        loop_.post([self = self_] {
          if (*self != nullptr) (*self)->pump(Trigger::kEnqueued);
        });
      }
      break;
    }
    has_sent = true;
    start(free_slot(), std::move(flight));
    trigger = Trigger::kEnqueued;
  }
  arm_flush_timer(has_sent);
}

// A place in flight. Without one, a worker that holds requests of its own asks to be woken.
bool DestinationWorker::take_slot() {
  if (destination_.concurrency_.try_take()) return true;
  if (!local_.queue.empty() || !partitions_.empty()) {
    if (!starving_.exchange(true)) destination_.starved_.fetch_add(1);
  }
  return destination_.concurrency_.try_take();
}

bool DestinationWorker::any_waits() const {
  return !local_.queue.empty() || !partitions_.empty() ||
         destination_.waiting_.load(std::memory_order_seq_cst) != 0;
}

bool DestinationWorker::is_half_full(uint64_t items, uint64_t bytes) const {
  const QueueOptions& queue = options_.queue;
  if (2 * (destination_.ring_.size() + local_.queue.size()) >= destination_.ring_.capacity()) {
    return true;
  }
  switch (queue.sizer) {
    case Sizer::kRequests:
      return 2 * (destination_.ring_.size() + local_.queue.size()) >= queue.capacity;
    case Sizer::kItems:
      return 2 * items >= queue.capacity;
    case Sizer::kBytes:
      return 2 * bytes >= queue.capacity;
  }
  return false;
}

bool DestinationWorker::is_ready(Trigger trigger) {
  if (!any_waits()) return false;
  if (destination_.draining_.load() || mode() == BatchMode::kNone) return true;
  if (partitioned()) return ready_partition() != nullptr;
  const BatchOptions& batch = options_.batch;
  const Destination::Waiting waiting = destination_.waiting();
  const uint64_t items = waiting.items + local_.items;
  const uint64_t bytes = waiting.bytes + local_.bytes;
  const auto reaches = [&](uint64_t items_at, uint64_t bytes_at) {
    return (items_at != 0 && items >= items_at) || (bytes_at != 0 && bytes >= bytes_at);
  };
  if (batch.mode == BatchMode::kAdaptive) {
    // Nothing in flight, a place that just came free, or a full batch.
    return trigger != Trigger::kEnqueued || destination_.active_.load() == 0 ||
           destination_.overdue_.load() || reaches(batch.items_max, batch.bytes_max);
  }
  const bool has_minimum = batch.items_min != 0 || batch.bytes_min != 0;
  return trigger == Trigger::kTimeout || batch.flush_timeout == 0s || !has_minimum ||
         destination_.overdue_.load() || reaches(batch.items_min, batch.bytes_min) ||
         reaches(batch.items_max, batch.bytes_max) || is_half_full(items, bytes);
}

CutLimits DestinationWorker::batch_limits() const {
  CutLimits limits{options_.batch.items_max, options_.batch.bytes_max};
  const uint64_t learned = destination_.learned_bytes_max_.load(std::memory_order_relaxed);
  if (learned != 0 && (limits.bytes_max == 0 || learned < limits.bytes_max)) {
    limits.bytes_max = learned;
  }
  if (mode() == BatchMode::kNone) limits = {0, learned};
  return limits;
}

// The next request of `forming`, or of the ring; what is too old is dropped on the way.
bool DestinationWorker::take_one(Forming& forming, Queued& into) {
  for (;;) {
    if (!forming.queue.empty()) {
      into = forming.pop_front();
    } else if (partitioned() || !try_pop(into)) {
      return false;
    }
    const Duration age_max = options_.queue.age_max;
    if (age_max == 0s || loop_.now() - into.payload.admitted_at <= age_max) return true;
    drop(std::move(into), ledger::DropReason::kAgeExpired,
         {.code = Code::kUnavailable,
          .message = options_.name + ": waited longer than the queue's age limit",
          .retry_after = 1s});
  }
}

// A request that alone exceeds a maximum goes back to the front in parts. Profiles stay whole.
void DestinationWorker::cut_into(Forming& forming, Queued large) {
  std::vector<CutPiece> pieces;
  if (options_.signal != Signal::kProfiles) {
    // In one go; copies come from the pool all the same.
    Pace pace;
    std::optional<Work> work;
    if (long_work_ != nullptr) work.emplace(long_work_->work().pool, pace);
    pieces = cut_exactly(cutter_, large.payload, batch_limits(), work ? &*work : nullptr);
  }
  put_in_front(forming, std::move(large), std::move(pieces));
}

void DestinationWorker::put_in_front(Forming& forming, Queued large, std::vector<CutPiece> pieces) {
  std::vector<Queued> parts = as_parts(large, std::move(pieces));
  if (parts.empty()) {
    large.is_uncuttable = true;
    forming.push_front(std::move(large));
    return;
  }
  destination_.add_parts(parts.size() - 1);
  for (size_t i = parts.size(); i > 0; --i) forming.push_front(std::move(parts[i - 1]));
}

// Two workers that see the minimum at the same time would each take a part of it, and send two
// batches below the minimum. So one of them forms; the other gets nothing, and looks again.
std::unique_ptr<Flight> DestinationWorker::form_whole(Trigger trigger) {
  const BatchOptions& batch = options_.batch;
  const bool has_minimum = batch.items_min != 0 || batch.bytes_min != 0;
  if (mode() != BatchMode::kFixed || !has_minimum) return form();
  if (destination_.is_forming_.exchange(true)) return nullptr;
  std::unique_ptr<Flight> flight;
  if (is_ready(trigger)) flight = form();
  destination_.is_forming_.store(false);
  return flight;
}

std::unique_ptr<Flight> DestinationWorker::form() {
  Forming* forming = partitioned() ? ready_partition() : &local_;
  if (forming == nullptr) return nullptr;
  const CutLimits limits = batch_limits();
  const auto exceeds = [&](uint64_t items, uint64_t bytes) {
    return (limits.items_max != 0 && items > limits.items_max) ||
           (limits.bytes_max != 0 && bytes > limits.bytes_max);
  };
  const BatchOptions& batch = options_.batch;
  auto flight = std::make_unique<Flight>();
  flight->signal = options_.signal;
  Queued queued;
  while (take_one(*forming, queued)) {
    const uint64_t items = queued.payload.item_count;
    const uint64_t bytes = queued.payload.bytes.size();
    if (!flight->entries.empty() &&
        exceeds(flight->item_count + items, flight->bytes.size() + bytes)) {
      forming->push_front(std::move(queued));
      break;
    }
    if (flight->entries.empty() && exceeds(items, bytes) && items > 1 && !queued.is_uncuttable) {
      if (!is_cut_in_slices(queued)) {
        cut_into(*forming, std::move(queued));
      } else if (!cut_in_slices(std::move(queued))) {
        place_is_kept_ = true;
        return nullptr;
      }
      queued = forming->pop_front();  // the first part, or the whole when it cannot be cut
    }
    flight->append(std::move(queued));
    if (mode() == BatchMode::kNone) break;
    const bool is_unlimited = limits.items_max == 0 && limits.bytes_max == 0;
    if (is_unlimited && batch.items_min != 0 && flight->item_count >= batch.items_min) break;
    if (is_unlimited && batch.bytes_min != 0 && flight->bytes.size() >= batch.bytes_min) break;
    if (limits.items_max != 0 && flight->item_count >= limits.items_max) break;
    if (limits.bytes_max != 0 && flight->bytes.size() >= limits.bytes_max) break;
  }
  if (partitioned()) {
    flight->metadata = forming->metadata;
    forming->due = loop_.now() + batch.flush_timeout;
    if (forming->queue.empty()) {
      std::erase_if(partitions_, [&](const auto& entry) { return &entry.second == forming; });
    }
  }
  destination_.overdue_.store(false);
  if (flight->entries.empty()) return nullptr;
  return flight;
}

void DestinationWorker::sort_into_partitions() {
  Queued queued;
  while (try_pop(queued)) {
    auto reduced = std::make_shared<Metadata>();
    std::string key;
    for (const std::string& name : options_.batch.metadata_keys) {
      if (queued.payload.metadata != nullptr) {
        for (const MetadataEntry& entry : queued.payload.metadata->entries) {
          if (entry.name != name) continue;
          key.append(entry.value).push_back('\0');
          reduced->entries.push_back(entry);
        }
      }
      key.push_back('\1');  // the end of this name's values
    }
    const auto [found, is_new] = partitions_.try_emplace(std::move(key));
    Forming& forming = found->second;
    if (is_new) {
      forming.metadata = std::move(reduced);
      forming.due = loop_.now() + options_.batch.flush_timeout;
    }
    forming.push_back(std::move(queued));
  }
}

// Adaptive: any partition, the one that is due first. Fixed: one that is full enough or due.
DestinationWorker::Forming* DestinationWorker::ready_partition() {
  const BatchOptions& batch = options_.batch;
  const MonotonicTime now = loop_.now();
  const bool sends_anything = mode() != BatchMode::kFixed || destination_.draining_.load() ||
                              (batch.items_min == 0 && batch.bytes_min == 0);
  Forming* best = nullptr;
  for (auto& [key, forming] : partitions_) {
    const bool is_full = (batch.items_min != 0 && forming.items >= batch.items_min) ||
                         (batch.bytes_min != 0 && forming.bytes >= batch.bytes_min) ||
                         (batch.items_max != 0 && forming.items >= batch.items_max);
    if (!sends_anything && !is_full && forming.due > now &&
        !is_half_full(forming.items, forming.bytes)) {
      continue;
    }
    if (best == nullptr || forming.due < best->due) best = &forming;
  }
  return best;
}

void DestinationWorker::compact(Queued& queued) {
  if (!queued.is_compact) queued.is_compact = compactor_.compact(queued.payload.bytes);
}

// The destination has begun to fail: what waits will wait for long.
void DestinationWorker::sweep_and_compact() {
  if (!compactor_.is_enabled()) return;
  if (partitioned()) {
    sort_into_partitions();
  } else {
    Queued queued;
    while (try_pop(queued)) local_.push_back(std::move(queued));
  }
  for (Queued& queued : local_.queue) compact(queued);
  for (auto& [key, forming] : partitions_) {
    for (Queued& queued : forming.queue) compact(queued);
  }
}

void DestinationWorker::arm_flush_timer(bool has_sent) {
  if (partitioned()) {
    MonotonicTime first = kNever;
    for (const auto& [key, forming] : partitions_) first = std::min(first, forming.due);
    // What is due already waits for a place and will be woken.
    if (first == kNever || first <= loop_.now()) {
      flush_timer_->disarm();
    } else {
      flush_timer_->arm_at(first);
    }
    return;
  }
  // Overdue already: whoever gives back a place takes what waits.
  if (!any_waits() || destination_.overdue_.load()) {
    if (flush_timer_->armed()) flush_timer_->disarm();
  } else if (has_sent || !flush_timer_->armed()) {
    flush_timer_->arm_at(loop_.now() + std::max<Duration>(options_.batch.flush_timeout, 1ms));
  }
}

}  // namespace millrace::pipeline
