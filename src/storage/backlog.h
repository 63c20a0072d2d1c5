// What one destination with storage has on disk only, and how it comes back into memory.
//
// A request for such a destination is written to the log (storage.h). While the destination's share
// of memory lasts its bytes also stay in the queue, and the record is only the insurance; beyond
// that, or while an older backlog exists, the record alone is kept and read back when the queue
// runs low. So order is kept, memory is bounded, and a healthy destination never reads the disk.
//
// Threads: any, unless stated. Before the loops run: add_target and recover.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "io/loop.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "memory/budget.h"
#include "pipeline/payload.h"
#include "segment_log/log.h"
#include "storage/record_lease.h"
#include "storage/stored_queue.h"

namespace millrace::pipeline {

class Storage;

class Backlog {
 public:
  struct Options {
    uint64_t memory_bytes_max = 16 << 20;  // of payloads in the queue and in flight
    segment_log::Order order = segment_log::Order::kOldestFirst;
    // Written only when memory is short; what is in memory then has no record.
    bool spills = false;
    // The disk refuses: go on in memory alone rather than refuse.
    bool survives_in_memory = false;
    // Limits the records on disk only, for all pipelines of the destination together.
    segment_log::Cap cap = {};
  };
  // All outlive the backlog.
  Backlog(StoredQueue& queue, Storage& storage, Budget& budget, Options options);
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // Before the loops run. What the log has for `target` is entered in the account as recovered.
  void add_target(ledger::Account& account, segment_log::TargetId target);
  // The reader takes part in reading back, as long as the token points to it; the token is read and
  // written on `loop`. Before the loops run.
  void add_reader(io::Loop& loop, std::shared_ptr<BacklogReader*> reader) {
    wakers_.push_back({&loop, std::move(reader)});
  }

  const Options& options() const { return options_; }
  segment_log::Log& log() { return log_; }
  Storage& storage() { return storage_; }
  segment_log::TargetId target_of(const ledger::Account& account) const;

  // A slot in the ring and room in the share of memory, for new data: never while older data lies
  // on disk only, unless fresh data goes first.
  bool try_keep_in_memory(uint64_t payload_bytes);
  // Gives the slot back when the request does not enter after all; the lease frees the memory.
  void release_slot() { queue_.release_slot(); }
  // Drops the oldest record on disk only, unless `pending`, which is in memory (null:
  // nothing), entered before it. Ids of records tell; a request without one entered while nothing
  // older lay on disk, or in any case where fresh data goes first.
  segment_log::GivingUp drop_oldest(const RecordLease* pending);
  // Reads on when the queue is low and nothing is being read.
  void feed();
  // For the worker that was woken: pushes a record that was read into the queue. On its loop.
  void accept_read(BacklogReader& reader);
  // The end: nothing is read any more.
  void stop_reading() { stopped_.store(true, std::memory_order_seq_cst); }
  // The same while the loops still turn: senders that wait for delivery are asked to come back.
  void stop(io::Loop& loop);
  // After the lanes are gone: what was read and not taken goes back.
  void clear();

  void count_held(ledger::Held& held) const;
  // For the audit: each account's stock on disk.
  void take_stock(
      const std::function<void(const ledger::Account&, const ledger::Stock&)>& see) const;
  // A sender waits for the delivery of a record whose bytes memory does not keep.
  void add_waiter(segment_log::RecordId record, std::shared_ptr<Completion> completion);
  // The log dropped records of one of the targets.
  void on_lost(segment_log::TargetId target, segment_log::Loss loss,
               const segment_log::Amount& untaken, segment_log::RecordRange range);
  uint64_t untaken_records() const;

  // --- Called by leases (record_lease.h) ---
  // A record is on its way back to the disk, and has arrived there.
  void note_departure() { departures_.fetch_add(1, std::memory_order_seq_cst); }
  void note_arrival() { arrivals_.fetch_add(1, std::memory_order_seq_cst); }
  void reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) {
    queue_.reserve_for_rest(rest, reserved_cost);
  }
  void free_memory(uint64_t bytes);

 private:
  struct Target {
    Target(ledger::Account& its, segment_log::TargetId target)
        : account(&its), id(target), book(its) {}
    ledger::Account* account;
    segment_log::TargetId id;
    ledger::StockBook book;
  };
  struct Read {
    segment_log::Record record;
    LeaseRef lease;
    ledger::Account* account = nullptr;
    // Only a rest is owed when parts of the record were parked while this read was under way.
    void give_back() {
      lease->leave(record.owed.items, record.owed.admitted_bytes, record.owed.payload_bytes);
    }
  };
  struct Waker {
    io::Loop* loop;
    std::shared_ptr<BacklogReader*> reader;
  };
  void refuse_waiters(segment_log::RecordRange range, ledger::DropReason reason);
  std::shared_ptr<Completion> waiter_of(segment_log::RecordId record);
  void end_reading();
  bool is_low() const;
  const Target* next_target();
  void on_read(const Target& target, std::vector<segment_log::Record> records, Reservation reading);
  void wake_a_worker();
  void retry_later();

  StoredQueue& queue_;
  Storage& storage_;
  segment_log::Log& log_;
  Budget& budget_;
  const Options options_;
  std::deque<Target> targets_;                     // fixed before the loops run
  std::vector<segment_log::TargetId> target_ids_;  // of targets_
  std::vector<Waker> wakers_;                      // fixed before the loops run
  // A sum under a bound, relaxed but for two: a thread that frees memory and then finds nothing
  // untaken, and one that makes a record untaken and then finds no memory free, must not miss each
  // other (seq_cst there, and in the log's count).
  std::atomic<uint64_t> memory_bytes_{0};
  // One read at a time; the thread that sets it reads, and clears it. seq_cst against untaken and
  // stopped_.
  std::atomic<bool> reading_{false};
  std::atomic<bool> stopped_{false};
  // Whenever something is between the log and a worker's hands, or on its way back, there are more
  // departures than arrivals. Departures are counted first, so a thread that reads arrivals, then
  // the stock, then as many departures, has read while nothing was on its way.
  std::atomic<uint64_t> departures_{0};
  std::atomic<uint64_t> arrivals_{0};
  std::atomic<uint32_t> next_{0};  // whose turn it is: target and worker; relaxed
  mutable Mutex inbox_mutex_;      // once a read
  std::vector<Read> inbox_ MILLRACE_GUARDED_BY(inbox_mutex_);
  // Memory of the inbox, where the budget had room for it.
  Reservation inbox_memory_ MILLRACE_GUARDED_BY(inbox_mutex_);
  Mutex waiters_mutex_;  // only for senders that wait for delivery
  std::map<segment_log::RecordId, std::shared_ptr<Completion>> waiters_
      MILLRACE_GUARDED_BY(waiters_mutex_);
};

}  // namespace millrace::pipeline
