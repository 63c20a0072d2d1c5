// DestinationWorker with storage: what is read from disk enters the queue, and at the end what
// waits in memory goes back to the disk instead of holding up the shutdown.
#include <algorithm>
#include <utility>

#include "destination/destination_worker.h"
#include "pipeline/completion.h"
#include "storage/storage.h"

namespace millrace::pipeline {

void DestinationWorker::enqueue_read(segment_log::Record record, ledger::Account& account,
                                     StoredRef place, std::shared_ptr<Completion> waiter) {
  Queued queued;
  const Duration age = std::max<Duration>(0s, loop_.wall_now() - record.admitted_at);
  queued.payload = {.signal = options_.signal,
                    .item_count = record.item_count,
                    .bytes = Rope(std::move(record.bytes)),
                    .metadata = std::move(record.metadata),
                    .completion = std::move(waiter),
                    .admitted_at = loop_.now() - age};
  queued.account = &account;
  queued.admitted_bytes = record.admitted_bytes;
  queued.cost = static_cast<uint32_t>(destination_.cost_of(queued.payload));
  queued.place = std::move(place);
  book_.fetch(account, queued.amount());
  push(std::move(queued));
  schedule_pump();
}

void DestinationWorker::feed_later(Duration wait) {
  if (!feed_timer_->armed()) feed_timer_->arm_at(loop_.now() + wait);
}

// The place in memory ends; the capacity stays reserved for what lies on disk.
void DestinationWorker::park(Queued queued, const Verdict& verdict) {
  book_.store(*queued.account, queued.amount());
  queued.place->keep_part(queued.payload.item_count, queued.admitted_bytes,
                          queued.payload.bytes.size(), queued.cost);
  if (queued.payload.completion != nullptr) {
    Completion::settle(std::move(queued.payload.completion), loop_, verdict);
  }
  destination_.release(1, queued.requests, 0);
}

// Attempts under way may still succeed; everything else is on disk already, or is put there when
// memory alone had it (spill, or a disk that refused), so that a dead destination does not keep the
// process from ending and nothing is lost by that.
void DestinationWorker::park_what_waits() {
  Backlog* backlog = destination_.backlog();
  if (backlog == nullptr) return;
  backlog->stop(loop_);
  const Verdict verdict{.code = Code::kUnavailable,
                        .message = "shutting down, the data stays on disk",
                        .retry_after = 1s};
  std::deque<Queued> staying;
  const auto park_one = [&](Queued queued) {
    if (queued.place->is_on_disk()) {
      park(std::move(queued), verdict);
    } else if (!queued.is_part &&
               backlog->storage().park(loop_, queued.payload, queued.admitted_bytes,
                                       *queued.account, *backlog)) {
      book_.store(*queued.account, queued.amount());
      if (queued.payload.completion != nullptr) {
        Completion::settle(std::move(queued.payload.completion), loop_, verdict);
      }
      destination_.release(1, queued.requests, 0);
    } else {
      staying.push_back(std::move(queued));
    }
  };
  while (!local_.queue.empty()) park_one(local_.pop_front());
  for (auto& [key, forming] : partitions_) {
    while (!forming.queue.empty()) park_one(forming.pop_front());
  }
  partitions_.clear();
  // The level that has it may still deliver it.
  for (auto one = handing_over_.begin(); one != handing_over_.end();) {
    if (one->second.is_offered) {
      ++one;
    } else {
      park_one(std::move(one->second.queued));
      one = handing_over_.erase(one);
    }
  }
  Queued queued;
  while (try_pop(queued)) park_one(std::move(queued));
  // Their places in the ring are still theirs.
  for (Queued& one : staying) push(std::move(one));
}

}  // namespace millrace::pipeline
