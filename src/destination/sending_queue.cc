#include "destination/sending_queue.h"

#include <algorithm>
#include <bit>
#include <thread>
#include <utility>

#include "base/check.h"
#include "ledger/book.h"

namespace millrace::pipeline {
namespace {

size_t ring_capacity(const QueueOptions& options) {
  const uint64_t by_requests = options.sizer == Sizer::kRequests
                                   ? options.capacity
                                   : std::min<uint64_t>(options.capacity, options.requests_max);
  const uint64_t slots_max = std::bit_floor(std::max<uint64_t>(2, options.places_max));
  return static_cast<size_t>(std::clamp<uint64_t>(by_requests, 1, slots_max));
}

// An account's address leaves its lowest bits free; the generation is the lowest of them.
static_assert(alignof(ledger::Account) >= ledger::kGenerationCount);

queue::Label label_of(const PendingRequest& request) {
  const ledger::Amount amount = request.amount();
  return {reinterpret_cast<uintptr_t>(&request.owed.account()) | request.generation,
          amount.items << 32 | amount.bytes};
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

SendingQueue::SendingQueue(std::string name, const QueueOptions& options,
                           std::function<void()> on_room)
    : name_(std::move(name)),
      options_(options),
      on_room_(std::move(on_room)),
      ring_(ring_capacity(options)) {}

// The workers are gone by now and have settled their requests and those in the ring. A request that
// was pushed after that is dropped here; one that has a record stays on disk.
SendingQueue::~SendingQueue() {
  PendingRequest request;
  ledger::Book book;
  while (ring_.try_pop(request)) {
    if (request.owed.record() == nullptr) {
      book.take(request.owed.account(), request.amount(), request.generation);
      book.drop(request.owed.account(), ledger::DropReason::kShutdown, request.amount());
    }
    (void)request.owed.close();
  }
}

// --- Room --------------------------------------------------------------------------------------

SendingQueue::Need SendingQueue::need_of(const Payload& payload) const {
  return {backlog_ == nullptr ? 1U : 0U, cost_of(payload)};
}

uint64_t SendingQueue::cost_of(const Payload& payload) const {
  const uint64_t cost = cost_of(segment_log::Amount{
      .records = 1, .items = payload.item_count, .payload_bytes = payload.bytes.size()});
  // Without storage the cost alone says whether the queue is empty.
  return backlog_ != nullptr ? cost : std::max<uint64_t>(1, cost);
}

uint64_t SendingQueue::cost_of(const segment_log::Amount& amount) const {
  switch (options_.sizer) {
    case Sizer::kRequests:
      return amount.records;
    case Sizer::kItems:
      return amount.items;
    case Sizer::kBytes:
      return amount.payload_bytes;
  }
  return amount.records;
}

bool SendingQueue::can_never_hold(Need need) const {
  return need.cost > options_.capacity || need.slots > ring_.capacity();
}

bool SendingQueue::try_reserve(Need need) {
  uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  for (;;) {
    if ((reserved & kCostMask) + need.cost > options_.capacity) return false;
    if ((reserved >> kCostBits) + need.slots > ring_.capacity()) return false;
    if (reserved_.compare_exchange_weak(reserved, reserved + packed(need.slots, need.cost),
                                        std::memory_order_seq_cst)) {
      return true;
    }
  }
}

void SendingQueue::release(const Settled& settled) {
  if (settled.count > settled.slots) {
    const uint64_t parts = settled.count - settled.slots;
    const uint64_t before = parts_.fetch_sub(parts, std::memory_order_seq_cst);
    MILLRACE_CHECK(before >= parts);
  }
  const uint64_t before =
      reserved_.fetch_sub(packed(settled.slots, settled.cost), std::memory_order_seq_cst);
  MILLRACE_CHECK((before & kCostMask) >= settled.cost);
  MILLRACE_CHECK((before >> kCostBits) >= settled.slots);
  retry_hint_.note_finished(settled.cost);
  wake_waiting();
  if (is_draining() && is_empty()) on_empty_();
}

void SendingQueue::end_waiting() {
  const uint32_t before = waiting_for_room_.fetch_sub(1, std::memory_order_seq_cst);
  MILLRACE_CHECK(before != 0);
}

void SendingQueue::wake_waiting() {
  if (waiting_for_room_.load(std::memory_order_seq_cst) != 0) on_room_();
}

Duration SendingQueue::hint_retry(MonotonicTime now, uint64_t cost, bool is_stalled) {
  return retry_hint_.refuse(now, cost, used_cost(), is_stalled);
}

// --- The ring ----------------------------------------------------------------------------------

void SendingQueue::push(PendingRequest&& request) {
  const uint64_t word = pending_word(request);
  const queue::Label label = label_of(request);
  const MonotonicTime admitted_at = request.admitted_at;
  // A caller that reserved has a slot, because a reservation outlives the slot that it stands for;
  // but the slot whose turn it is may be one that another thread has claimed and is just emptying.
  // A push that fails leaves `request` untouched. NOLINTNEXTLINE(bugprone-use-after-move)
  while (!ring_.try_push(std::move(request), label)) std::this_thread::yield();
  if (pending_.fetch_add(word, std::memory_order_seq_cst) == 0) {
    oldest_.store(admitted_at, std::memory_order_relaxed);
  }
}

bool SendingQueue::try_pop(PendingRequest& into) {
  if (!ring_.try_pop(into)) return false;
  oldest_.store(into.admitted_at, std::memory_order_relaxed);
  pending_.fetch_sub(pending_word(into), std::memory_order_seq_cst);
  return true;
}

SendingQueue::Pending SendingQueue::pending() const {
  const uint64_t word = pending_.load(std::memory_order_seq_cst);
  return {word >> kPendingBytesBits, word & ((uint64_t{1} << kPendingBytesBits) - 1)};
}

bool SendingQueue::is_empty() const {
  const uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  return (backlog_ != nullptr ? reserved >> kCostBits : reserved) == 0 &&
         parts_.load(std::memory_order_seq_cst) == 0;
}

void SendingQueue::count_held(ledger::Held& held) const {
  if (backlog_ != nullptr) backlog_->count_held(held);
  ring_.walk([&](queue::Label label) { held.add(account_in(label), amount_in(label)); });
}

void SendingQueue::walk_on(Walk& walk, size_t slots_max, const See& see) const {
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

void SendingQueue::begin_drain(std::function<void()> on_empty) {
  MILLRACE_CHECK(!is_draining());
  on_empty_ = std::move(on_empty);
  is_draining_.store(true, std::memory_order_seq_cst);
}

// --- Storage -----------------------------------------------------------------------------------

bool SendingQueue::try_reserve_slot() {
  uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
  while ((reserved >> kCostBits) < ring_.capacity()) {
    if (reserved_.compare_exchange_weak(reserved, reserved + packed(1, 0),
                                        std::memory_order_seq_cst)) {
      return true;
    }
  }
  return false;
}

bool SendingQueue::has_slots_for_reading() const {
  return 2 * slots_reserved() <= ring_.capacity();
}

void SendingQueue::reserve_recovered(const segment_log::Amount& amount) {
  reserved_.fetch_add(packed(0, cost_of(amount)), std::memory_order_seq_cst);
}

void SendingQueue::reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) {
  reserved_.fetch_add(cost_of(rest) - reserved_cost, std::memory_order_seq_cst);
}

void SendingQueue::release_lost(const segment_log::Amount& amount) {
  release({.count = 0, .slots = 0, .cost = cost_of(amount)});
}

}  // namespace millrace::pipeline
