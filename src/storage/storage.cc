#include "storage/storage.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "memory/work.h"
#include "pipeline/completion.h"

namespace millrace::pipeline {

Storage::Storage(segment_log::Log& log) : log_(log), by_target_(segment_log::kTargetsMax) {
  log_.observe(this);
}

Storage::~Storage() = default;

Status Storage::attach(StoredQueue& queue, ledger::Account& account, Budget& budget,
                       const Backlog::Options& options) {
  Result<segment_log::TargetId> target = log_.target({.signal = account.signal(),
                                                      .pipeline = account.pipeline(),
                                                      .destination = account.destination()});
  if (!target) return fail(std::move(target.error()));
  budget_ = &budget;
  if (queue.backlog() == nullptr) {
    queue.set_backlog(std::make_unique<Backlog>(queue, *this, budget, options));
    queues_.push_back(&queue);
  }
  queue.backlog()->add_target(account, *target);
  by_target_[*target] = queue.backlog();
  return {};
}

void Storage::add_loop(io::Loop& loop) {
  auto mailbox = std::make_shared<Mailbox>();
  mailbox->loop = &loop;
  mailboxes_.push_back(std::move(mailbox));
}

const std::shared_ptr<Storage::Mailbox>& Storage::mailbox_of(io::Loop& loop) const {
  const auto found =
      std::ranges::find_if(mailboxes_, [&](const auto& mailbox) { return mailbox->loop == &loop; });
  MILLRACE_CHECK(found != mailboxes_.end());
  return *found;
}

void Storage::deliver(Mailbox& mailbox) {
  std::vector<Answer> answers;
  {
    const MutexLock lock(mailbox.mutex);
    answers.swap(mailbox.answers);
  }
  for (Answer& answer : answers) {
    if (answer.status) {
      Completion::settle(std::move(answer.completion), *mailbox.loop);
    } else {
      Completion::settle(
          std::move(answer.completion), *mailbox.loop,
          {.code = Code::kUnavailable,
           .message = "the storage could not keep it: " + answer.status.error().message,
           .retry_after = 1s});
    }
  }
}

Status Storage::append(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
                       std::span<StoreTarget> targets, std::shared_ptr<Completion> waiter) {
  std::vector<segment_log::NewRecord::Want> wants;
  for (const StoreTarget& target : targets) {
    if (&target.backlog->storage() != this) continue;
    if (target.in_memory && target.backlog->options().spills) continue;
    wants.push_back({.target = target.backlog->target_of(*target.account), .is_taken = true});
  }
  if (wants.empty()) return {};
  // A connector's batch must be able to leave its queue in a process whose budget is full, perhaps
  // of that queue alone.
  auto memory = Reservation::try_make_to_drain(*budget_, MemoryTerm::kQueues,
                                               segment_log::kPendingRecordBytes);
  if (!memory) return fail(no_memory("storing", segment_log::kPendingRecordBytes, *budget_));
  segment_log::Log::OnDurable on_durable;
  if (waiter == nullptr) {
    on_durable = [memory = std::move(memory)](const Status&) {};
  } else {
    waiter->owe_one_more();
    on_durable = [memory = std::move(memory), mailbox = mailbox_of(loop),
                  waiter](const Status& status) mutable {
      bool is_first = false;
      {
        const MutexLock lock(mailbox->mutex);
        is_first = mailbox->answers.empty();
        mailbox->answers.push_back({std::move(waiter), status});
      }
      if (is_first) mailbox->loop->post([mailbox] { deliver(*mailbox); });
    };
  }
  Result<segment_log::RecordId> id = log_.append({.signal = payload.signal,
                                                  .item_count = payload.item_count,
                                                  .admitted_bytes = admitted_bytes,
                                                  .admitted_at = loop.wall_now(),
                                                  .metadata = payload.metadata,
                                                  .bytes = payload.bytes,
                                                  .wants = wants},
                                                 std::move(on_durable));
  if (!id) {
    if (waiter != nullptr) Completion::settle(std::move(waiter), loop);
    return fail(std::move(id.error()));
  }
  auto want = wants.begin();
  for (StoreTarget& target : targets) {
    if (want == wants.end()) break;
    if (&target.backlog->storage() != this) continue;
    if (target.in_memory && target.backlog->options().spills) continue;
    target.lease->set_record(want->target, *id);
    ++want;
  }
  return {};
}

bool Storage::append_pending(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
                             ledger::Account& account, Backlog& backlog) {
  const segment_log::NewRecord::Want want{.target = backlog.target_of(account), .is_taken = false};
  // A drain is never refused memory.
  auto memory =
      Reservation::make_beyond(*budget_, MemoryTerm::kQueues, segment_log::kPendingRecordBytes);
  return log_
      .append({.signal = payload.signal,
               .item_count = payload.item_count,
               .admitted_bytes = admitted_bytes,
               .admitted_at = loop.wall_now(),
               .metadata = payload.metadata,
               .bytes = payload.bytes,
               .wants = {&want, 1}},
              [memory = std::move(memory)](const Status&) {})
      .has_value();
}

// A task on a loop may still have its mailbox, and outlive all that the answers in it belong to.
void Storage::clear() {
  for (StoredQueue* queue : queues_) queue->backlog()->clear();
  for (const auto& mailbox : mailboxes_) {
    std::vector<Answer> answers;
    const MutexLock lock(mailbox->mutex);
    answers.swap(mailbox->answers);
  }
}

void Storage::on_lost(segment_log::TargetId target, segment_log::Loss loss,
                      segment_log::Amount untaken, segment_log::RecordRange range) {
  // A target of an earlier configuration has no account: nothing of it was recovered either.
  if (by_target_[target] != nullptr) {
    by_target_[target]->on_lost(target, loss, untaken, range);
  }
}

void Storage::on_room() {
  for (StoredQueue* queue : queues_) queue->wake_waiting();
}

// --- One payload into all of its storages ------------------------------------------------------

Status store(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
             std::span<StoreTarget> targets, const std::shared_ptr<Completion>& waiter) {
  const uint64_t bytes = payload.bytes.size();
  for (StoreTarget& target : targets) {
    target.in_memory = target.backlog->try_keep_in_memory(bytes);
    target.lease = std::make_shared<RecordLease>(*target.backlog, target.in_memory ? bytes : 0);
  }
  std::vector<Storage*> storages;
  for (const StoreTarget& target : targets) {
    Storage* storage = &target.backlog->storage();
    if (std::ranges::find(storages, storage) == storages.end()) storages.push_back(storage);
  }
  for (Storage* storage : storages) {
    bool is_awaited = false;
    bool must_be_stored = false;
    for (const StoreTarget& target : targets) {
      if (&target.backlog->storage() != storage) continue;
      is_awaited = is_awaited || target.is_required;
      must_be_stored =
          must_be_stored || !target.in_memory || !target.backlog->options().survives_in_memory;
    }
    Status stored =
        storage->append(loop, payload, admitted_bytes, targets, is_awaited ? waiter : nullptr);
    if (!stored && must_be_stored) {
      std::ranges::for_each(targets, withdraw);
      return stored;
    }
  }
  return {};
}

void leave_on_disk(StoreTarget& target, Payload payload, uint32_t admitted_bytes) {
  if (payload.completion != nullptr) {
    target.backlog->add_waiter(target.lease->record(), std::move(payload.completion));
  }
  target.lease->leave(payload.item_count, admitted_bytes, payload.bytes.size());
  target.lease.reset();
}

void withdraw(StoreTarget& target) {
  if (target.in_memory) target.backlog->release_slot();
  target.lease.reset();  // finished where it was written
}

}  // namespace millrace::pipeline
