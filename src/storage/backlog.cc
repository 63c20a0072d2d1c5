#include "storage/backlog.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "pipeline/completion.h"
#include "storage/storage.h"

namespace millrace::pipeline {
namespace {

// One read: enough that the disk works in large pieces, little enough that a small budget has it.
constexpr uint64_t kReadBytesMin = 64 << 10;
constexpr uint64_t kReadBytesMax = 4 << 20;
constexpr Duration kReadAgain = 100ms;

ledger::DropReason drop_reason(segment_log::Loss loss) {
  switch (loss) {
    case segment_log::Loss::kDropOldest:
      return ledger::DropReason::kDropOldest;
    case segment_log::Loss::kAgeExpired:
      return ledger::DropReason::kAgeExpired;
    case segment_log::Loss::kStorageFailed:
      break;
  }
  return ledger::DropReason::kStorageFailed;
}

}  // namespace

Backlog::Backlog(StoredQueue& queue, Storage& storage, Budget& budget, Options options)
    : queue_(queue), storage_(storage), log_(storage.log()), budget_(budget), options_(options) {}

Backlog::~Backlog() { clear(); }

void Backlog::add_target(ledger::Account& account, segment_log::TargetId target) {
  targets_.emplace_back(account, target);
  target_ids_.push_back(target);
  if (options_.cap.payload_bytes_max != 0 || options_.cap.age_max != 0s) {
    log_.set_cap(target_ids_, options_.cap);
  }
  const segment_log::Amount recovered = log_.untaken(target);
  targets_.back().book.recover({recovered.items, recovered.admitted_bytes});
  queue_.reserve_recovered(recovered);
}

segment_log::TargetId Backlog::target_of(const ledger::Account& account) const {
  const auto found = std::ranges::find(targets_, &account, &Target::account);
  MILLRACE_CHECK(found != targets_.end());
  return found->id;
}

uint64_t Backlog::untaken_records() const {
  uint64_t records = 0;
  for (const Target& target : targets_) records += log_.untaken_records(target.id);
  return records;
}

// --- What memory keeps -------------------------------------------------------------------------

bool Backlog::try_keep_in_memory(uint64_t payload_bytes) {
  if (stopped_.load(std::memory_order_seq_cst)) return false;
  // In this order: what a read has taken from the count is in the ring when reading_ is clear.
  if (options_.order == segment_log::Order::kOldestFirst &&
      (untaken_records() != 0 || reading_.load(std::memory_order_seq_cst))) {
    return false;
  }
  const uint64_t before = memory_bytes_.fetch_add(payload_bytes, std::memory_order_relaxed);
  if ((before == 0 || before + payload_bytes <= options_.memory_bytes_max) &&
      queue_.try_reserve_slot()) {
    return true;
  }
  memory_bytes_.fetch_sub(payload_bytes, std::memory_order_relaxed);
  return false;
}

segment_log::GivingUp Backlog::drop_oldest(const RecordLease* pending) {
  segment_log::RecordId before = UINT64_MAX;
  if (pending != nullptr && pending->is_on_disk()) {
    before = pending->record();
  } else if (pending != nullptr && options_.order == segment_log::Order::kOldestFirst) {
    return segment_log::GivingUp::kNothing;
  }
  return log_.give_up_oldest(target_ids_, before);
}

void Backlog::free_memory(uint64_t bytes) {
  if (bytes != 0) {
    const uint64_t before = memory_bytes_.fetch_sub(bytes, std::memory_order_seq_cst);
    MILLRACE_CHECK(before >= bytes);
  }
  feed();
}

// --- Reading back ------------------------------------------------------------------------------

// Half is left to empty itself before the disk is read again: few large reads, not many small ones.
bool Backlog::is_low() const {
  return 2 * memory_bytes_.load(std::memory_order_seq_cst) <= options_.memory_bytes_max &&
         queue_.has_slots_for_reading();
}

const Backlog::Target* Backlog::next_target() {
  const size_t first = next_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[(first + i) % targets_.size()];
    if (log_.untaken_records(target.id) != 0) return &target;
  }
  return nullptr;
}

void Backlog::feed() {
  const Target* chosen = nullptr;
  // A reader that ends without choosing a record checks again, because a record may have become
  // untaken meanwhile and found it reading.
  // Either they had counted it before they looked at reading_, or that was clear for them already:
  // the count and reading_ are sequentially consistent, so one of the two sees the other.
  while (chosen == nullptr) {
    if (stopped_.load(std::memory_order_seq_cst) || wakers_.empty()) return;
    if (!is_low() || untaken_records() == 0) return;
    if (reading_.exchange(true, std::memory_order_seq_cst)) return;
    note_departure();
    chosen = next_target();
    if (chosen == nullptr) end_reading();
  }
  const uint64_t free_bytes =
      options_.memory_bytes_max -
      std::min(options_.memory_bytes_max, memory_bytes_.load(std::memory_order_relaxed));
  uint64_t bytes_max = std::clamp(free_bytes / 2, kReadBytesMin, kReadBytesMax);
  Reservation reading = Reservation::try_make(budget_, MemoryTerm::kReadBack, bytes_max);
  if (!reading) {
    if (memory_bytes_.load(std::memory_order_relaxed) != 0) {
      end_reading();
      retry_later();
      return;
    }
    // With nothing in memory one request goes on all the same (accept_read), and none beside it.
    bytes_max = 0;
  }
  log_.take(chosen->id, bytes_max, options_.order,
            [this, chosen,
             reading = std::move(reading)](std::vector<segment_log::Record> records) mutable {
              on_read(*chosen, std::move(records), std::move(reading));
            });
}

void Backlog::end_reading() {
  note_arrival();
  reading_.store(false, std::memory_order_seq_cst);
}

// On the read lane. What was read waits in the inbox for a loop: a task of its own could outlive
// the log that it must give the record back to.
void Backlog::on_read(const Target& target, std::vector<segment_log::Record> records,
                      Reservation reading) {
  {
    const MutexLock lock(inbox_mutex_);
    inbox_memory_ = std::move(reading);
    for (segment_log::Record& record : records) {
      const uint64_t bytes = record.bytes.size();
      memory_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      auto lease = std::make_shared<RecordLease>(*this, bytes);
      lease->set_record(target.id, record.id);
      inbox_.push_back({std::move(record), std::move(lease), target.account});
    }
  }
  wake_a_worker();
}

void Backlog::wake_a_worker() {
  const Waker& waker = wakers_[next_.load(std::memory_order_relaxed) % wakers_.size()];
  waker.loop->post([this, reader = waker.reader] {
    if (*reader != nullptr) accept_read(**reader);
  });
}

void Backlog::accept_read(BacklogReader& reader) {
  std::vector<Read> reads;
  Reservation memory;
  {
    const MutexLock lock(inbox_mutex_);
    reads.swap(inbox_);
    std::swap(memory, inbox_memory_);
  }
  memory = Reservation();  // each of them has its own from now on
  // Nothing read: the disk cannot be read now.
  bool refused = reads.empty();
  for (Read& read : reads) {
    const uint64_t bytes = read.record.bytes.size();
    Reservation reservation;
    bool has_room = !refused && !stopped_.load(std::memory_order_seq_cst);
    if (has_room) {
      const Metadata* const metadata = read.record.metadata.get();
      reservation =
          Reservation::try_make(budget_, MemoryTerm::kReadBack,
                                bytes + (metadata == nullptr ? 0 : metadata->memory_bytes()));
      // Alone in memory it goes on without: a budget made smaller must not stop it for ever.
      has_room = reservation || memory_bytes_.load(std::memory_order_relaxed) <= bytes;
      has_room = has_room && queue_.try_reserve_slot();
    }
    if (!has_room) {
      refused = true;
      read.give_back();
      continue;
    }
    read.lease->hold(std::move(reservation));
    std::shared_ptr<Completion> waiter = waiter_of(read.record.id);
    reader.enqueue_read(std::move(read.record), *read.account, std::move(read.lease),
                        std::move(waiter));
  }
  reads.clear();  // what was refused is untaken before anything else is read
  end_reading();
  if (refused) {
    retry_later();
  } else {
    feed();
  }
}

void Backlog::retry_later() {
  const Waker& waker = wakers_[next_.load(std::memory_order_relaxed) % wakers_.size()];
  waker.loop->post([reader = waker.reader] {
    if (*reader != nullptr) (*reader)->feed_later(kReadAgain);
  });
}

// --- Ending ------------------------------------------------------------------------------------

void Backlog::add_waiter(segment_log::RecordId record, std::shared_ptr<Completion> completion) {
  const MutexLock lock(waiters_mutex_);
  waiters_.emplace(record, std::move(completion));
}

std::shared_ptr<Completion> Backlog::waiter_of(segment_log::RecordId record) {
  const MutexLock lock(waiters_mutex_);
  const auto found = waiters_.find(record);
  if (found == waiters_.end()) return nullptr;
  std::shared_ptr<Completion> waiter = std::move(found->second);
  waiters_.erase(found);
  return waiter;
}

void Backlog::stop(io::Loop& loop) {
  stop_reading();
  std::map<segment_log::RecordId, std::shared_ptr<Completion>> waiters;
  {
    const MutexLock lock(waiters_mutex_);
    waiters.swap(waiters_);
  }
  for (auto& [record, waiter] : waiters) {
    Completion::settle(std::move(waiter), loop,
                       {.code = Code::kUnavailable,
                        .message = "shutting down, the data stays on disk",
                        .retry_after = 1s});
  }
}

void Backlog::clear() {
  stop_reading();
  const MutexLock lock(inbox_mutex_);
  for (Read& read : inbox_) read.give_back();
  inbox_.clear();
  inbox_memory_ = Reservation();
}

void Backlog::count_held(ledger::Held& held) const {
  for (const Target& target : targets_) {
    const segment_log::Amount untaken = log_.untaken(target.id);
    held.add(*target.account, {untaken.items, untaken.admitted_bytes});
  }
}

void Backlog::take_stock(
    const std::function<void(const ledger::Account&, const ledger::Stock&)>& see) const {
  for (const Target& target : targets_) {
    const uint64_t arrivals = arrivals_.load(std::memory_order_seq_cst);
    const ledger::Amount lost_before = target.book.lost();
    const std::optional<segment_log::Amount> untaken = log_.settled_untaken(target.id);
    const ledger::Amount lost_after = target.book.lost();
    const bool is_settled = untaken && lost_before == lost_after &&
                            departures_.load(std::memory_order_seq_cst) == arrivals;
    const segment_log::Amount amount = untaken.value_or(segment_log::Amount());
    see(*target.account, {.recovered = target.book.recovered(),
                          .lost = lost_after,
                          .untaken = {amount.items, amount.admitted_bytes},
                          .is_settled = is_settled});
  }
}

void Backlog::on_lost(segment_log::TargetId target, segment_log::Loss loss,
                      const segment_log::Amount& untaken, segment_log::RecordRange range) {
  const auto found = std::ranges::find(targets_, target, &Target::id);
  MILLRACE_CHECK(found != targets_.end());
  found->book.lose(drop_reason(loss), {untaken.items, untaken.admitted_bytes});
  queue_.release_lost(untaken);
  refuse_waiters(range, drop_reason(loss));
}

// Answers the senders that wait for the delivery of records that are gone. One that is being read
// just now may be delivered all the same: that is one delivery too many, not one too few.
void Backlog::refuse_waiters(segment_log::RecordRange range, ledger::DropReason reason) {
  std::vector<std::shared_ptr<Completion>> waiters;
  {
    const MutexLock lock(waiters_mutex_);
    const auto first = waiters_.lower_bound(range.first);
    const auto last = waiters_.lower_bound(std::max(range.first, range.end));
    for (auto waiter = first; waiter != last; ++waiter) waiters.push_back(waiter->second);
    waiters_.erase(first, last);
  }
  for (std::shared_ptr<Completion>& waiter : waiters) {
    Completion::settle_from_anywhere(
        std::move(waiter), {.code = Code::kUnavailable,
                            .message = queue_.name() + ": given up while it waited on disk (" +
                                       std::string(ledger::drop_reason_name(reason)) + ")",
                            .retry_after = 1s});
  }
}

}  // namespace millrace::pipeline
