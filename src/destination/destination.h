// One destination for one signal, as all workers share it: the bounded queue, how many may be in
// flight, health, and the numbers people look at. What belongs to one worker (the exporter, the
// batch being formed, retries) is its DestinationWorker.
//
// Made at assembly, before any loop runs; outlives its workers' loops. Everything else is safe
// from any thread unless stated.
//
// The queue's bound is kept by reserving: try_reserve takes a request's cost (and its place in the
// ring) before anything is committed, so that fan-out can ask every required destination first. A
// reservation ends when the request is answered for (delivered or dropped), as in otelcol: what is
// in flight counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "destination/breaker.h"
#include "destination/concurrency.h"
#include "destination/loss_report.h"
#include "destination/retry_hint.h"
#include "io/loop.h"
#include "ledger/book.h"
#include "ledger/ledger.h"
#include "pipeline/options.h"
#include "pipeline/payload.h"
#include "queue/mpmc_ring.h"
#include "storage/backlog.h"

namespace millrace::pipeline {

class DestinationWorker;

// A payload as it lies in a destination's queue, with what is owed for it.
struct Queued {
  Payload payload;
  ledger::Account* account = nullptr;
  uint32_t admitted_bytes = 0;  // of the payload as admitted: the ledger's measure
  uint32_t cost = 0;            // reserved in the destination
  uint32_t requests = 1;        // ring places reserved: 1, or 0 for the later parts of a cut one
  bool is_part = false;         // cut from a larger request: no exact partial success
  bool is_compact = false;      // copied out of a chunk that it used little of
  bool is_uncuttable = false;   // larger than a batch, and was tried
  ledger::Generation generation = 0;  // in the shared queue: the audit's
  StoredRef place = {};               // with storage only

  ledger::Amount amount() const { return {payload.item_count, admitted_bytes}; }
  // By their records where both have one: those have an order also within one tick of the clock.
  bool entered_before(const Queued& other) const {
    const auto has_record = [](const StoredRef& ref) {
      return ref != nullptr && ref->is_on_disk();
    };
    if (has_record(place) && has_record(other.place)) {
      return place->record() < other.place->record();
    }
    return payload.admitted_at < other.payload.admitted_at;
  }
};

// For the metrics; all of one destination.
struct DestinationNumbers {
  uint64_t queue_size = 0;  // in units of the sizer
  uint64_t queue_capacity = 0;
  uint32_t in_flight = 0;  // attempts under way
  uint32_t concurrency_limit = 0;
  uint64_t sent_items = 0;
  uint64_t failed_items = 0;          // given up after trying
  uint64_t enqueue_failed_items = 0;  // no room
  uint64_t retries = 0;
  bool breaker_open = false;  // it does not answer, and is probed
  uint64_t breaker_opened = 0;
};

struct DestinationHealth {
  uint32_t consecutive_failures = 0;  // attempts since the last success
  std::optional<MonotonicTime> last_success;
  std::string last_answer;  // what it said last, "OK" or the error
  std::optional<WallTime> last_answer_at;
};

// Told of every batch that is sent for the first time; called on the workers' loops.
using BatchObserver = std::function<void(uint64_t item_count, uint64_t byte_count)>;

class Destination final : public ledger::HeldWalker, public StoredQueue {
 public:
  // What one place in the queue costs beside the request's bytes: the slot, and the list of the
  // pieces that the bytes lie in.
  static constexpr size_t kPlaceBytes = queue::MpmcRing<Queued>::slot_bytes() + 64;

  explicit Destination(DestinationOptions options);
  ~Destination();
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  const DestinationOptions& options() const { return options_; }
  DestinationNumbers numbers() const;
  uint64_t place_count() const { return ring_.capacity(); }
  DestinationHealth health() const;
  // What was lost or refused here, for the log; its tick() is the owner's to call.
  LossReport& losses() { return losses_; }
  // Before the loops run.
  void observe_batches(BatchObserver observer) { batch_observer_ = std::move(observer); }
  // What waits in the shared ring; any thread. What the workers hold they count themselves.
  void count_held(ledger::Held& held) const override;
  // The same in pieces and by generation, for the audit: calls `see` for what lies in the next
  // slots of the ring, about as many as the second says.
  using RingWalk = queue::MpmcRing<Queued>::Walk;
  using SeeQueued = std::function<void(const ledger::Account&, ledger::Generation, ledger::Amount)>;
  RingWalk begin_walk() const { return ring_.begin_walk(); }
  void walk_on(RingWalk& walk, size_t slots_max, const SeeQueued& see) const;
  // Everything that ever entered is answered for, or lies on disk only.
  bool is_empty() const {
    const uint64_t reserved = reserved_.load(std::memory_order_seq_cst);
    return (backlog_ != nullptr ? reserved >> kCostBits : reserved) == 0 &&
           parts_.load(std::memory_order_seq_cst) == 0;
  }

  // Storage, or null (stored_queue.h).
  Backlog* backlog() const override { return backlog_.get(); }
  void set_backlog(std::unique_ptr<Backlog> backlog) override { backlog_ = std::move(backlog); }
  const std::string& name() const override { return options_.name; }
  bool try_reserve_place() override;
  void release_place() override { release(0, 1, 0); }
  // Half of the ring is free.
  bool has_places_for_reading() const override;
  void reserve_recovered(const segment_log::Amount& amount) override;
  void reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) override {
    reserved_.fetch_add(cost_of(rest) - reserved_cost, std::memory_order_seq_cst);
  }
  void release_lost(const segment_log::Amount& amount) override { release(0, 0, cost_of(amount)); }
  void wake_blocked() override {
    if (blocked_.load(std::memory_order_seq_cst) != 0) wake_blocked_workers();
  }

 private:
  friend class DestinationWorker;
  friend class Drain;
  using Ring = queue::MpmcRing<Queued>;

  // One word holds both sums, so that both bounds are kept by one compare and swap.
  static constexpr int kCostBits = 44;
  static constexpr uint64_t kCostMask = (uint64_t{1} << kCostBits) - 1;
  static constexpr uint64_t packed(uint64_t requests, uint64_t cost) {
    return (requests << kCostBits) + cost;
  }

  static constexpr int kWaitingBytesBits = 36;
  struct Waiting {
    uint64_t items;
    uint64_t bytes;
  };
  static constexpr uint64_t waiting_word(uint64_t items, uint64_t bytes) {
    return (items << kWaitingBytesBits) + bytes;
  }
  Waiting waiting() const {
    const uint64_t word = waiting_.load(std::memory_order_seq_cst);
    return {word >> kWaitingBytesBits, word & ((uint64_t{1} << kWaitingBytesBits) - 1)};
  }

  uint64_t cost_of(const Payload& payload) const;
  uint64_t cost_of(const segment_log::Amount& amount) const;
  bool try_reserve(uint64_t requests, uint64_t cost);
  // `count` pieces are answered for, of which `requests` had a place reserved; the others are
  // further parts of cut requests.
  void release(uint64_t count, uint64_t requests, uint64_t cost);
  void add_parts(uint64_t count) { parts_.fetch_add(count, std::memory_order_seq_cst); }
  void push(Queued queued);
  bool try_pop(Queued& into);
  uint64_t used_cost() const { return reserved_.load(std::memory_order_relaxed) & kCostMask; }
  // Wakes workers that could not go on for want of a place in flight or of room in the queue.
  void wake_starved();
  // Those that wait for the breaker, which has closed, or has opened where batches are handed back.
  void wake_waiting();
  void wake_blocked_workers();
  bool stalled() const { return consecutive_failures_.load(std::memory_order_relaxed) != 0; }
  // Whether it ends failures that the log has spoken of.
  bool note_success(MonotonicTime now, WallTime wall);
  void note_failure(const std::string& what, WallTime wall);
  // One line in ten seconds for each destination: a dead one fails all its batches at once, and
  // must not use up what the log allows the others.
  bool is_failure_worth_a_line(MonotonicTime now);

  const DestinationOptions options_;
  LossReport losses_;
  Ring ring_;
  std::unique_ptr<Backlog> backlog_;
  std::vector<DestinationWorker*> workers_;  // registered before the loops run
  BatchObserver batch_observer_;

  // Requests and cost reserved; written at submit and when a batch is done. Sequentially
  // consistent against blocked_ and draining_: releaser and waiter must not miss each other.
  alignas(64) std::atomic<uint64_t> reserved_{0};
  // Parts of cut requests beyond each one's first, not yet answered for; seq_cst like reserved_.
  std::atomic<uint64_t> parts_{0};
  // Items and bytes in the ring: what a forming batch would find. Added after the push, taken off
  // after the pop; sequentially consistent against active_ and the places in flight, so that who
  // enqueues and who becomes free do not both miss the other.
  std::atomic<uint64_t> waiting_{0};

  alignas(64) ConcurrencyLimit concurrency_;
  Breaker breaker_;
  std::atomic<uint32_t> active_{0};   // attempts under way; seq_cst against waiting_
  std::atomic<uint32_t> starved_{0};  // workers that wait for a place in flight; seq_cst
  std::atomic<uint32_t> blocked_{0};  // submissions that wait for room; seq_cst
  // A worker forms a batch that has a minimum. Set and cleared by that worker, seq_cst as overdue_.
  std::atomic<bool> is_forming_{false};
  std::atomic<bool> overdue_{false};  // flush_timeout passed while no place was free
  std::atomic<bool> draining_{false};

  // The peer's size limit as its refusals taught it; 0 unknown. Only shrinks. Relaxed.
  std::atomic<uint64_t> learned_bytes_max_{0};
  std::atomic<uint32_t> consecutive_failures_{0};
  std::atomic<int64_t> next_failure_line_ns_{0};  // when the log may speak of a failure again
  std::atomic<bool> failure_was_logged_{false};
  std::atomic<int64_t> last_success_ns_{0};  // relaxed, for people
  std::atomic<uint64_t> sent_items_{0};      // this and the next: counters, relaxed
  std::atomic<uint64_t> failed_items_{0};
  std::atomic<uint64_t> enqueue_failed_items_{0};
  std::atomic<uint64_t> retries_{0};
  RetryHint retry_hint_;
  std::function<void()> on_empty_;  // set by Drain before draining_
  mutable Mutex answer_mutex_;      // off the data path: failures and their end
  std::string last_answer_ MILLRACE_GUARDED_BY(answer_mutex_);
  WallTime last_answer_at_ MILLRACE_GUARDED_BY(answer_mutex_){};
};

}  // namespace millrace::pipeline
