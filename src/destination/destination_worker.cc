#include "destination/destination_worker.h"

#include <algorithm>
#include <utility>

#include "destination/destination_slot.h"

namespace millrace::pipeline {

using ledger::DropReason;

DestinationWorker::DestinationWorker(Destination& destination, io::Loop& loop, Parts parts)
    : destination_(destination),
      options_(destination.options()),
      loop_(loop),
      exporter_(std::move(parts.exporter)),
      cutter_(std::move(parts.cutter)),
      compactor_(parts.pool),
      log_(parts.log),
      dead_letters_(parts.dead_letters),
      long_work_(parts.long_work),
      self_(std::make_shared<DestinationWorker*>(this)),
      reader_self_(std::make_shared<BacklogReader*>(this)),
      flush_timer_(loop.make_timer([this] { pump(Trigger::kTimeout); })),
      line_timer_(loop.make_timer([this] { on_line_timer(); })),
      drain_timer_(loop.make_timer([this] { expire_drain(); })),
      feed_timer_(loop.make_timer([this] { destination_.backlog()->feed(); })),
      take_over_timer_(loop.make_timer([this] { queue_again(); })) {
  destination_.workers_.push_back(this);
  if (destination_.backlog() == nullptr) return;
  destination_.backlog()->add_reader(loop_, reader_self_);
  feed_timer_->arm_at(loop.now());
}

DestinationWorker::~DestinationWorker() {
  stop_exporting();
  std::erase(destination_.workers_, this);
  drop_everything(DropReason::kShutdown,
                  {.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
}

void DestinationWorker::stop_exporting() {
  *self_ = nullptr;
  *reader_self_ = nullptr;
  if (destination_.backlog() != nullptr) destination_.backlog()->stop_reading();
  if (!std::exchange(closed_, true)) exporter_->close();
}

DestinationWorker::Room DestinationWorker::try_reserve(Need need) {
  if (need.cost > options_.queue.capacity || need.requests > destination_.ring_.capacity()) {
    return Room::kNever;
  }
  if (closed_) return Room::kFull;
  if (destination_.try_reserve(need.requests, need.cost)) return Room::kReserved;
  if (options_.queue.on_full == OnFull::kBlock) return Room::kWait;
  if (options_.queue.on_full == OnFull::kReject) return Room::kFull;
  for (;;) {
    switch (drop_oldest()) {
      case segment_log::GivingUp::kGivenUp:
        if (destination_.try_reserve(need.requests, need.cost)) return Room::kReserved;
        break;
      case segment_log::GivingUp::kLater:
        return Room::kWait;
      case segment_log::GivingUp::kNothing:
        return Room::kFull;
    }
  }
}

// Of what waits in memory (of what this worker took from the ring, else of the ring) and of what
// lies on disk only: what entered first. What is being sent stays.
segment_log::GivingUp DestinationWorker::drop_oldest() {
  using segment_log::GivingUp;
  const auto [forming, index] = oldest_waiting();
  if (Backlog* const backlog = destination_.backlog(); backlog != nullptr) {
    const GivingUp given_up =
        backlog->give_up_oldest(forming == nullptr ? nullptr : forming->queue[index].place.get());
    if (given_up != GivingUp::kNothing) return given_up;
  }
  if (forming == nullptr) return GivingUp::kNothing;
  Queued oldest = forming->take(index);
  std::erase_if(partitions_, [](const auto& entry) { return entry.second.queue.empty(); });
  drop(std::move(oldest), DropReason::kDropOldest,
       {.code = Code::kUnavailable,
        .message = options_.name + ": dropped to make room for newer data",
        .retry_after = 1s});
  return GivingUp::kGivenUp;
}

// Takes it from the ring when this worker has none of its own. What is read back with the newest
// first stands in that order, and all of it has to be looked at.
DestinationWorker::Waiting DestinationWorker::oldest_waiting() {
  const Backlog* const backlog = destination_.backlog();
  const bool is_in_order =
      backlog == nullptr || backlog->options().order == segment_log::Order::kOldestFirst;
  Queued queued;
  if (partitioned()) {
    sort_into_partitions();
  } else {
    while ((!is_in_order || local_.queue.empty()) && try_pop(queued)) {
      local_.push_back(std::move(queued));
    }
  }
  if (any_waits()) schedule_pump();  // what is this worker's now is not forgotten by it
  Waiting oldest;
  const auto look_at = [&](Forming& forming) {
    const size_t count =
        is_in_order ? std::min<size_t>(1, forming.queue.size()) : forming.queue.size();
    for (size_t i = 0; i < count; ++i) {
      if (oldest.forming == nullptr ||
          forming.queue[i].entered_before(oldest.forming->queue[oldest.index])) {
        oldest = {&forming, i};
      }
    }
  };
  look_at(local_);
  for (auto& [key, forming] : partitions_) look_at(forming);
  return oldest;
}

void DestinationWorker::release(const Payload& payload) {
  const Need need = need_of(payload);
  destination_.release(need.requests, need.requests, need.cost);
}

void DestinationWorker::commit(Payload payload, ledger::Account& account, size_t admitted_bytes,
                               StoredRef place) {
  Queued queued;
  queued.cost = static_cast<uint32_t>(destination_.cost_of(payload));
  queued.payload = std::move(payload);
  queued.account = &account;
  queued.admitted_bytes = static_cast<uint32_t>(admitted_bytes);
  queued.place = std::move(place);
  if (destination_.stalled()) {
    compact(queued);
  } else {
    compactor_.close();
  }
  push(std::move(queued));
  schedule_pump();
}

void DestinationWorker::push(Queued queued) {
  queued.generation = book_.queue(*queued.account, queued.amount());
  destination_.push(std::move(queued));
}

bool DestinationWorker::try_pop(Queued& into) {
  if (!destination_.try_pop(into)) return false;
  book_.take(*into.account, into.amount(), into.generation);
  return true;
}

Verdict DestinationWorker::full_verdict(Room room, Need need) {
  if (room == Room::kNever) {
    return {.code = Code::kInvalidArgument,
            .message = options_.name + ": the request is larger than the whole sending queue (" +
                       std::to_string(options_.queue.capacity) + ")",
            .exceeds_queue = true};
  }
  return {.code = Code::kUnavailable,
          .message = options_.name + ": sending queue is full",
          .retry_after = destination_.retry_hint_.refuse(
              loop_.now(), need.cost, destination_.used_cost(), destination_.stalled())};
}

void DestinationWorker::count_refused(uint32_t item_count, LossReport::Refusal reason) {
  destination_.enqueue_failed_items_.fetch_add(item_count, std::memory_order_relaxed);
  destination_.losses_.note(reason, item_count, loop_, log_);
}

void DestinationWorker::count_dropped_at_the_queue(uint32_t item_count) {
  destination_.enqueue_failed_items_.fetch_add(item_count, std::memory_order_relaxed);
  destination_.losses_.note(DropReason::kQueueFull, item_count, loop_, log_);
}

void DestinationWorker::count_held(ledger::Held& held) const {
  for (const Queued& queued : local_.queue) held.add(*queued.account, queued.amount());
  for (const auto& [key, forming] : partitions_) {
    for (const Queued& queued : forming.queue) held.add(*queued.account, queued.amount());
  }
  for (const auto& [id, queued] : cutting_) held.add(*queued.account, queued.amount());
  for (const auto& [id, one] : handing_over_) held.add(*one.queued.account, one.queued.amount());
  const auto count = [&](const Flight& flight) {
    for (const Entry& entry : flight.entries) held.add(*entry.account, entry.amount());
  };
  for (const auto& slot : slots_) {
    if (slot->flight != nullptr) count(*slot->flight);
    for (const auto& rest : slot->rest) count(*rest);
  }
}

}  // namespace millrace::pipeline
