#include "destination/destination.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <utility>

#include "destination/destination_worker.h"

namespace millrace::pipeline {
namespace {

size_t ring_capacity(const QueueOptions& queue) {
  const uint64_t by_requests = queue.sizer == Sizer::kRequests
                                   ? queue.capacity
                                   : std::min<uint64_t>(queue.capacity, queue.requests_max);
  const uint64_t places_max = std::bit_floor(std::max<uint64_t>(2, queue.places_max));
  return static_cast<size_t>(std::clamp<uint64_t>(by_requests, 1, places_max));
}

// An account's address leaves its lowest bits free; the generation is the lowest of them.
static_assert(alignof(ledger::Account) >= ledger::kGenerationCount);

queue::Label label_of(const Queued& queued) {
  return {reinterpret_cast<uintptr_t>(queued.account) | queued.generation,
          uint64_t{queued.payload.item_count} << 32 | queued.admitted_bytes};
}

const ledger::Account& account_in(queue::Label label) {
  return *reinterpret_cast<const ledger::Account*>(label.first & ~uint64_t{1});
}

ledger::Generation generation_in(queue::Label label) {
  return static_cast<ledger::Generation>(label.first & 1);
}

ledger::Amount amount_in(queue::Label label) {
  return {label.second >> 32, label.second & UINT32_MAX};
}

}  // namespace

Destination::Destination(DestinationOptions options)
    : options_(std::move(options)),
      losses_(options_.name, signal_name(options_.signal)),
      ring_(ring_capacity(options_.queue)),
      concurrency_(options_.concurrency),
      breaker_(options_.retry.breaker_failures) {}

// The workers are gone by now and have dropped what was theirs; what nobody took is dropped here.
// Waiting senders were settled by the workers' destructors, which empty the ring.
Destination::~Destination() {
  Queued queued;
  ledger::Book book;
  while (ring_.try_pop(queued)) {
    if (queued.place != nullptr) continue;
    book.take(*queued.account, queued.amount(), queued.generation);
    book.drop(*queued.account, ledger::DropReason::kShutdown, queued.amount());
  }
}

uint64_t Destination::cost_of(const Payload& payload) const {
  const uint64_t cost = cost_of(segment_log::Amount{
      .records = 1, .items = payload.item_count, .payload_bytes = payload.bytes.size()});
  // Without storage the cost alone says whether the queue is empty.
  return backlog_ != nullptr ? cost : std::max<uint64_t>(1, cost);
}

uint64_t Destination::cost_of(const segment_log::Amount& amount) const {
  switch (options_.queue.sizer) {
    case Sizer::kRequests:
      return amount.records;
    case Sizer::kItems:
      return amount.items;
    case Sizer::kBytes:
      return amount.payload_bytes;
  }
  return amount.records;
}

bool Destination::try_reserve_place() {
  uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  while ((reserved >> kCostBits) < ring_.capacity()) {
    if (reserved_.compare_exchange_weak(reserved, reserved + packed(1, 0),
                                        std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

bool Destination::has_places_for_reading() const {
  return 2 * (reserved_.load(std::memory_order_seq_cst) >> kCostBits) <= ring_.capacity();
}

void Destination::reserve_recovered(const segment_log::Amount& amount) {
  reserved_.fetch_add(packed(0, cost_of(amount)), std::memory_order_seq_cst);
}

bool Destination::try_reserve(uint64_t requests, uint64_t cost) {
  const uint64_t requests_max = ring_.capacity();
  uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  for (;;) {
    if ((reserved & kCostMask) + cost > options_.queue.capacity) return false;
    if ((reserved >> kCostBits) + requests > requests_max) return false;
    if (reserved_.compare_exchange_weak(reserved, reserved + packed(requests, cost),
                                        std::memory_order_seq_cst)) {
      return true;
    }
  }
}

void Destination::release(uint64_t count, uint64_t requests, uint64_t cost) {
  if (count > requests) parts_.fetch_sub(count - requests, std::memory_order_seq_cst);
  reserved_.fetch_sub(packed(requests, cost), std::memory_order_seq_cst);
  retry_hint_.note_finished(cost);
  wake_blocked();
  if (draining_.load(std::memory_order_seq_cst) && is_empty()) on_empty_();
}

void Destination::push(Queued queued) {
  const uint64_t items = queued.payload.item_count;
  const uint64_t bytes = queued.payload.bytes.size();
  const queue::Label label = label_of(queued);
  // Whoever reserved has a place, because a reservation outlives the slot that it stands for; but
  // the slot whose turn it is may be one that another thread has claimed and is just emptying.
  // A push that fails leaves `queued` untouched. NOLINTNEXTLINE(bugprone-use-after-move)
  while (!ring_.try_push(std::move(queued), label)) std::this_thread::yield();
  waiting_.fetch_add(waiting_word(items, bytes), std::memory_order_seq_cst);
}

bool Destination::try_pop(Queued& into) {
  if (!ring_.try_pop(into)) return false;
  waiting_.fetch_sub(waiting_word(into.payload.item_count, into.payload.bytes.size()),
                     std::memory_order_seq_cst);
  return true;
}

void Destination::count_held(ledger::Held& held) const {
  if (backlog_ != nullptr) backlog_->count_held(held);
  ring_.walk([&](queue::Label label) { held.add(account_in(label), amount_in(label)); });
}

void Destination::walk_on(RingWalk& walk, size_t slots_max, const SeeQueued& see) const {
  // Neighbours are mostly alike: one call for all of them.
  queue::Label last;
  ledger::Amount sum;
  const auto tell = [&] {
    if (last.first != 0) see(account_in(last), generation_in(last), sum);
  };
  ring_.walk_on(walk, slots_max, [&](queue::Label label) {
    if (label.first != last.first) {
      tell();
      last = label;
      sum = {};
    }
    sum += amount_in(label);
  });
  tell();
}

void Destination::wake_starved() {
  for (DestinationWorker* worker : workers_) worker->wake_for_slot();
}

void Destination::wake_blocked_workers() {
  for (DestinationWorker* worker : workers_) worker->wake_for_room();
}

bool Destination::note_success(MonotonicTime now, WallTime wall) {
  last_success_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  // The answer's text changes only when a failure ends: the lock stays off the usual path.
  if (consecutive_failures_.load(std::memory_order_relaxed) == 0 ||
      consecutive_failures_.exchange(0, std::memory_order_relaxed) == 0) {
    return false;
  }
  const MutexLock lock(answer_mutex_);
  last_answer_ = "OK";
  last_answer_at_ = wall;
  return failure_was_logged_.exchange(false, std::memory_order_relaxed);
}

bool Destination::is_failure_worth_a_line(MonotonicTime now) {
  constexpr Duration kInterval = 10s;
  const int64_t now_ns = now.time_since_epoch().count();
  int64_t next = next_failure_line_ns_.load(std::memory_order_relaxed);
  if (next != 0 && now_ns < next) return false;
  if (!next_failure_line_ns_.compare_exchange_strong(next, now_ns + kInterval.count(),
                                                     std::memory_order_relaxed)) {
    return false;
  }
  failure_was_logged_.store(true, std::memory_order_relaxed);
  return true;
}

void Destination::note_failure(const std::string& what, WallTime wall) {
  consecutive_failures_.fetch_add(1, std::memory_order_relaxed);
  const MutexLock lock(answer_mutex_);
  last_answer_ = what;
  last_answer_at_ = wall;
}

DestinationNumbers Destination::numbers() const {
  return {.queue_size = used_cost(),
          .queue_capacity = options_.queue.capacity,
          .in_flight = active_.load(std::memory_order_relaxed),
          .concurrency_limit = concurrency_.limit(),
          .sent_items = sent_items_.load(std::memory_order_relaxed),
          .failed_items = failed_items_.load(std::memory_order_relaxed),
          .enqueue_failed_items = enqueue_failed_items_.load(std::memory_order_relaxed),
          .retries = retries_.load(std::memory_order_relaxed),
          .breaker_open = breaker_.is_open(),
          .breaker_opened = breaker_.opened_count()};
}

DestinationHealth Destination::health() const {
  DestinationHealth health;
  health.consecutive_failures = consecutive_failures_.load(std::memory_order_relaxed);
  if (const int64_t at = last_success_ns_.load(std::memory_order_relaxed); at != 0) {
    health.last_success = MonotonicTime(Duration(at));
  }
  const MutexLock lock(answer_mutex_);
  health.last_answer = last_answer_;
  if (last_answer_at_ != WallTime{}) {
    health.last_answer_at = last_answer_at_;
  } else if (health.last_success) {
    health.last_answer = "OK";
  }
  return health;
}

}  // namespace millrace::pipeline
