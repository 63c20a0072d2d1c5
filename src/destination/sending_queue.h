// The bounded queue of one destination, shared by all workers: a ring in memory, the sums that keep
// its bounds, and with storage the backlog on disk behind it.
//
// A bound is kept by reserving: try_reserve takes a request's cost (and its slot in the ring)
// before anything is pushed, so that fan-out can ask every required destination first. A
// reservation ends with release(), when the request is settled: what is in flight counts, as in
// otelcol.
//
// Threads: any, unless stated.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "destination/pending_request.h"
#include "destination/retry_hint.h"
#include "ledger/ledger.h"
#include "pipeline/options.h"
#include "pipeline/payload.h"
#include "queue/mpmc_ring.h"
#include "storage/backlog.h"
#include "storage/stored_queue.h"

namespace millrace::pipeline {

class SendingQueue final : public StoredQueue {
 public:
  using Ring = queue::MpmcRing<PendingRequest>;
  // What one slot costs beside the request's bytes: the slot, and the list of the pieces that the
  // bytes lie in.
  static constexpr size_t kSlotBytes = Ring::slot_bytes() + 64;

  // Room for one or several payloads: all of it is reserved, or nothing.
  struct Need {
    uint64_t slots = 0;
    uint64_t cost = 0;
  };
  // Room that obligations give back when they are settled.
  struct Settled {
    uint64_t count = 0;  // obligations, parts of requests included
    uint64_t slots = 0;
    uint64_t cost = 0;
    void add(const Obligation& owed) {
      ++count;
      slots += owed.slots();
      cost += owed.cost();
    }
  };
  // Sums over the ring.
  struct Pending {
    uint64_t items = 0;
    uint64_t bytes = 0;
  };

  // `on_room` runs after a release while submissions wait for room; any thread.
  SendingQueue(std::string name, const QueueOptions& options, std::function<void()> on_room);
  ~SendingQueue() override;
  SendingQueue(const SendingQueue&) = delete;
  SendingQueue& operator=(const SendingQueue&) = delete;

  // --- Room ---
  Need need_of(const Payload& payload) const;
  uint64_t cost_of(const Payload& payload) const;
  uint64_t cost_of(const segment_log::Amount& amount) const;  // with storage
  // Larger than the whole queue.
  bool can_never_hold(Need need) const;
  bool try_reserve(Need need);
  // Gives back a reservation that nothing was pushed for.
  void release_unused(Need need) {
    release({.count = need.slots, .slots = need.slots, .cost = need.cost});
  }
  void release(const Settled& settled);
  // Requests were cut into so many parts beyond each one's first.
  void add_parts(uint64_t count) { parts_.fetch_add(count, std::memory_order_seq_cst); }
  // Submissions that wait for room. The caller tries once more after begin_waiting, because room
  // may have come before it.
  void begin_waiting() { waiting_for_room_.fetch_add(1, std::memory_order_seq_cst); }
  void end_waiting();
  // For a request that is refused now: when its sender should come back.
  Duration hint_retry(MonotonicTime now, uint64_t cost, bool is_stalled);

  // --- The ring ---
  // What was reserved. The request's generation is the audit's (ledger/book.h).
  void push(PendingRequest&& request);
  bool try_pop(PendingRequest& into);
  Pending pending() const;
  // When the oldest request in the ring was admitted, or the one taken last before it; kNever: the
  // ring is empty.
  MonotonicTime oldest() const {
    return has_pending() ? oldest_.load(std::memory_order_relaxed) : kNever;
  }
  bool has_pending() const { return pending_.load(std::memory_order_seq_cst) != 0; }
  size_t size() const { return ring_.size(); }
  size_t slot_count() const { return ring_.capacity(); }
  uint64_t used_cost() const { return reserved_.load(std::memory_order_relaxed) & kCostMask; }
  // Everything that ever entered is settled, or lies on disk only.
  bool is_empty() const;
  // For the ledger: counts all requests in the ring, or those in the next slots with their
  // generations, about as many as `slots_max`.
  void count_held(ledger::Held& held) const;
  using Walk = Ring::Walk;
  using See = std::function<void(const ledger::Account&, ledger::Generation, ledger::Amount)>;
  Walk begin_walk() const { return ring_.begin_walk(); }
  void walk_on(Walk& walk, size_t slots_max, const See& see) const;

  // --- The end ---
  // From now on `on_empty` runs whenever the queue becomes empty; any thread. Once.
  void begin_drain(std::function<void()> on_empty);
  bool is_draining() const { return is_draining_.load(std::memory_order_seq_cst); }

  // --- Storage (stored_queue.h); null without. Slots are then reserved apart from the capacity:
  // requests on disk only have none. ---
  const std::string& name() const override { return name_; }
  Backlog* backlog() const override { return backlog_.get(); }
  void set_backlog(std::unique_ptr<Backlog> backlog) override { backlog_ = std::move(backlog); }
  bool try_reserve_slot() override;
  void release_slot() override { release({.count = 0, .slots = 1, .cost = 0}); }
  // Half of the ring is free.
  bool has_slots_for_reading() const override;
  void reserve_recovered(const segment_log::Amount& amount) override;
  void reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) override;
  void release_lost(const segment_log::Amount& amount) override;
  void wake_waiting() override;

 private:
  // One word holds both sums, so that both bounds are kept by one compare and swap.
  static constexpr int kCostBits = 44;
  static constexpr uint64_t kCostMask = (uint64_t{1} << kCostBits) - 1;
  static constexpr uint64_t packed(uint64_t slots, uint64_t cost) {
    return (slots << kCostBits) + cost;
  }
  static constexpr int kPendingBytesBits = 36;
  static uint64_t pending_word(const PendingRequest& request) {
    return (uint64_t{request.item_count()} << kPendingBytesBits) + request.bytes.size();
  }
  uint64_t slots_reserved() const { return reserved_.load(std::memory_order_seq_cst) >> kCostBits; }

  const std::string name_;
  const QueueOptions options_;
  const std::function<void()> on_room_;
  std::function<void()> on_empty_;  // set before is_draining_
  Ring ring_;
  std::unique_ptr<Backlog> backlog_;  // set before the workers are made
  RetryHint retry_hint_;

  // Slots and cost reserved; written at submit and when a batch is settled. Sequentially consistent
  // against waiting_for_room_ and is_draining_: releaser and waiter must not miss each other.
  alignas(64) std::atomic<uint64_t> reserved_{0};
  // Parts of cut requests beyond each one's first, not yet settled; seq_cst like reserved_.
  std::atomic<uint64_t> parts_{0};
  // Items and bytes in the ring: what a forming batch would find. Added after the push, subtracted
  // after the pop; sequentially consistent against SendWindow, so that a worker that enqueues and
  // one that becomes free do not both miss the other.
  std::atomic<uint64_t> pending_{0};
  // Set by a push into an empty ring and by each pop: requests leave in order. Relaxed, for people.
  std::atomic<MonotonicTime> oldest_{kNever};
  std::atomic<uint32_t> waiting_for_room_{0};  // submissions; seq_cst against reserved_
  std::atomic<bool> is_draining_{false};
};

}  // namespace millrace::pipeline
