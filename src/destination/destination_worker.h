// A destination on one worker: takes what waits, forms batches when sending, tries, retries, cuts,
// and settles what is owed: the ledger's accounts and the waiting senders.
//
// One per (destination, worker), used on that worker's loop only, except count_held where stated.
// Which worker sends what is decided by who has a free place in flight; the queue is shared.
//
// A place in flight holds one batch from its first attempt until it is answered for. A batch that
// waits for its retry keeps its place, so that what a dead destination holds is bounded, and does
// not block the other places.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "destination/compactor.h"
#include "destination/destination.h"
#include "destination/flight.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "ledger/book.h"
#include "memory/chunk_pool.h"
#include "pipeline/batch_cutter.h"
#include "pipeline/dead_letters.h"
#include "pipeline/exporter.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

class Intake;

class DestinationWorker final : public ledger::HeldWalker, public BacklogReader {
 public:
  struct Parts {
    std::unique_ptr<Exporter> exporter;
    BatchCutter cutter;         // empty: nothing is ever cut
    ChunkPool* pool = nullptr;  // this worker's, for compaction; null: nothing is compacted
    Logger* log = nullptr;
    DeadLetters* dead_letters = nullptr;  // null: nobody keeps what is given up; outlives this
    // The worker's, for cutting large requests in slices; null: in one go. Outlives this, or is
    // finished before it goes.
    io::LongWork* long_work = nullptr;
  };
  // Registers with the destination: made at assembly, before any loop runs.
  DestinationWorker(Destination& destination, io::Loop& loop, Parts parts);
  // After its loop has stopped, or on the loop. What is still here is dropped as `shutdown`.
  ~DestinationWorker();
  // Nothing is exported any more and no answer is heard. Where connectors hand on from one worker
  // to another this comes first for all of them, and then they go, in any order.
  void stop_exporting();
  DestinationWorker(const DestinationWorker&) = delete;
  DestinationWorker& operator=(const DestinationWorker&) = delete;

  Destination& destination() { return destination_; }
  const DestinationOptions& options() const { return options_; }
  io::Loop& loop() { return loop_; }
  Exporter& exporter() { return *exporter_; }
  // Of all that this worker does in the accounts of this destination.
  ledger::Book& book() { return book_; }
  const ledger::Book& book() const { return book_; }

  enum class Room : uint8_t { kReserved, kFull, kWait, kNever };
  // Room for one or several payloads, which is then reserved for all of them or for none.
  struct Need {
    uint64_t requests = 0;
    uint64_t cost = 0;
  };
  Need need_of(const Payload& payload) const {
    const bool needs_place = destination_.backlog() == nullptr;
    return {needs_place ? 1U : 0U, destination_.cost_of(payload)};
  }
  // Reserves by the destination's own rule, dropping the oldest if that is the rule. kFull: refuse.
  // kWait: refuse, or wait in line with wait_for_room. kNever: larger than the whole queue.
  // kWait also where the oldest lies on disk and its size has to be looked up there.
  Room try_reserve(Need need);
  Room try_reserve(const Payload& payload) { return try_reserve(need_of(payload)); }
  // Gives a reservation back, unused.
  void release(const Payload& payload);
  // Enqueues what was reserved; the batch is formed at the end of this turn. `admitted_bytes` are
  // the payload's as admitted, before processors. `place` is what store() (storage.h) made of it
  // where the destination has storage, and then not null: what lies on disk only is not committed.
  void commit(Payload payload, ledger::Account& account, size_t admitted_bytes,
              StoredRef place = nullptr);
  // What was read from disk; its place in the ring is reserved.
  void enqueue_read(segment_log::Record record, ledger::Account& account, StoredRef place,
                    std::shared_ptr<Completion> waiter) override;
  void feed_later(Duration wait) override;
  // Who is asked, in this order, to deliver what came through `account` and is handed back
  // (options().hands_back) when nobody waits for it: what was found on disk. They are of this loop;
  // none is called from the destructor on. Before the loops run.
  void let_take_over(const ledger::Account& account, std::vector<Intake*> next_levels);
  // Points to this as long as it lives; read on its loop.
  const std::shared_ptr<DestinationWorker*>& token() const { return self_; }

  // `retry` runs when there may be room, in line with the others of this worker; true: it is
  // settled. `give_up` runs once at the deadline or when draining starts.
  using Retry = std::move_only_function<bool()>;
  using GiveUp = std::move_only_function<void()>;
  void wait_for_room(Retry retry, MonotonicTime deadline, GiveUp give_up);
  bool has_line() const { return !line_.empty(); }
  // What a refused sender is told.
  Verdict full_verdict(Room room, Need need);
  // What found no room and is refused, or dropped where the destination is best effort or nobody is
  // left to be told: counted, and said in the log (loss_report.h).
  void count_refused(uint32_t item_count, LossReport::Refusal reason);
  void count_dropped_at_the_queue(uint32_t item_count);

  // Forms a batch of what waits now, however little, as soon as there is a place in flight. On this
  // loop.
  void flush() { pump(Trigger::kTimeout); }

  // Flushes at once and keeps trying until `deadline`; then closes the exporter and drops the rest
  // as drain_deadline. Called by Drain on this loop.
  void begin_drain(MonotonicTime deadline);
  // An earlier deadline for a drain that has begun. Called by Drain on this loop.
  void hasten_drain(MonotonicTime deadline);

  // What this worker holds itself (not the shared ring); on its loop, or when nothing runs.
  void count_held(ledger::Held& held) const override;
  // "connected to …": the exporter's word; on its loop.
  std::string describe() const { return exporter_->describe(); }

 private:
  friend class Destination;
  enum class Trigger : uint8_t { kEnqueued, kSlotFree, kTimeout };

  // Requests that this worker took from the ring and has not sent: what did not fit into a batch,
  // what was swept for compaction, or one partition.
  struct Forming {
    std::deque<Queued> queue;
    uint64_t items = 0;
    uint64_t bytes = 0;
    MonotonicTime due = kNever;
    MetadataRef metadata;  // partition: only the keys' entries
    void push_back(Queued queued);
    void push_front(Queued queued);
    Queued pop_front() { return take(0); }
    Queued take(size_t index);
  };
  // One of those; no forming: none.
  struct Waiting {
    Forming* forming = nullptr;
    size_t index = 0;
  };
  struct Slot;
  // What the next levels are asked to take over; offered to the one before `level`.
  struct HandingOver {
    Queued queued;
    size_t level = 0;
    bool is_offered = false;  // one has it; otherwise all have refused
  };
  struct Waiter {
    Retry retry;
    MonotonicTime deadline;
    GiveUp give_up;
  };

  // Taking in (destination_worker.cc), and the line of those that wait for room (waiting_line.cc).
  segment_log::GivingUp drop_oldest();
  Waiting oldest_waiting();
  void on_room();
  void on_line_timer();
  void arm_line_timer();
  void wake_for_room();  // any thread

  // The shared queue, with what the book says about it.
  void push(Queued queued);
  bool try_pop(Queued& into);

  // Forming (batch_forming.cc).
  void schedule_pump();
  void pump(Trigger trigger);
  bool any_waits() const;
  bool is_ready(Trigger trigger);
  bool is_half_full(uint64_t items, uint64_t bytes) const;
  bool partitioned() const { return !options_.batch.metadata_keys.empty(); }
  std::unique_ptr<Flight> form();
  std::unique_ptr<Flight> form_whole(Trigger trigger);
  bool take_one(Forming& forming, Queued& into);
  BatchMode mode() const;
  void cut_into(Forming& forming, Queued large);
  void put_in_front(Forming& forming, Queued large, std::vector<CutPiece> pieces);
  // Cutting in slices (cutting.cc).
  bool is_cut_in_slices(const Queued& large) const;
  bool cut_in_slices(Queued large);
  void on_cut(uint64_t id, std::vector<CutPiece> pieces);
  void drop_what_is_being_cut(ledger::DropReason reason, const Verdict& verdict);
  void sort_into_partitions();
  Forming* ready_partition();
  void sweep_and_compact();
  void compact(Queued& queued);
  CutLimits batch_limits() const;
  bool take_slot();
  void arm_flush_timer(bool has_sent);

  // Sending (sending.cc).
  Slot& free_slot();
  void start(Slot& slot, std::unique_ptr<Flight> flight);
  void attempt(Slot& slot);
  void on_outcome(Slot& slot, Outcome outcome);
  void next(Slot& slot);
  void give_back_slot();
  void wake_for_slot();  // any thread
  // The breaker (destination_breaker.cc).
  bool asks_breaker() const;
  bool may_send(Slot& slot, MonotonicTime now);
  void give_up_waiting(Slot& slot, ledger::DropReason reason);
  void tell_breaker(const Slot& slot, Outcome::Kind kind);
  void tell_breaker_of_failure(const Slot& slot, MonotonicTime next_attempt_at);
  void wake_waiting();  // any thread
  // Trying again (retrying.cc).
  void on_retry(Slot& slot, Outcome outcome);
  void on_too_large(Slot& slot, const Outcome& outcome);
  void on_bad_data(Slot& slot, const Outcome& outcome);
  // Settling what is owed (settling.cc).
  void on_delivered(Flight& flight, const Outcome& outcome);
  void drop(Flight& flight, ledger::DropReason reason, const Verdict& verdict);
  void drop(Queued queued, ledger::DropReason reason, const Verdict& verdict);
  void keep_as_dead_letter(const Flight& flight, ledger::DropReason reason);
  // Handing over (taking_over.cc).
  bool hands_over(ledger::DropReason reason, const Entry& entry) const;
  void hand_over(const Flight& flight, Entry& entry, size_t offset);
  void offer(uint64_t id);
  void queue_again();
  void on_taken_over(uint64_t id, const Verdict& verdict);
  // The end (ending.cc; parking.cc for what has storage).
  void expire_drain();
  void drop_everything(ledger::DropReason reason, const Verdict& verdict);
  void park(Queued queued, const Verdict& verdict);
  void park_what_waits();
  void give_back_what_waits();

  Destination& destination_;
  const DestinationOptions& options_;
  io::Loop& loop_;
  std::unique_ptr<Exporter> exporter_;
  BatchCutter cutter_;
  Compactor compactor_;
  Logger* log_;
  DeadLetters* const dead_letters_;
  io::LongWork* const long_work_;
  ledger::Book book_;
  // Tasks posted from elsewhere may run after this is gone; they hold the token and look.
  std::shared_ptr<DestinationWorker*> self_;
  std::shared_ptr<BacklogReader*> reader_self_;  // the same, for the backlog

  Forming local_;
  std::map<std::string, Forming> partitions_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::deque<Waiter> line_;
  std::map<const ledger::Account*, std::vector<Intake*>> next_levels_;  // fixed before loops run
  std::map<uint64_t, HandingOver> handing_over_;  // in the order in which it began
  uint64_t next_handing_over_ = 0;
  // Large requests on their way to become parts; each keeps the place in flight it was taken with.
  std::map<uint64_t, Queued> cutting_;
  uint64_t next_cutting_ = 0;
  std::optional<uint64_t> cutting_now_;  // set while cut_in_slices() is called
  bool place_is_kept_ = false;           // form() has given the place to what is being cut
  std::unique_ptr<io::Timer> flush_timer_;
  std::unique_ptr<io::Timer> line_timer_;
  std::unique_ptr<io::Timer> drain_timer_;
  std::unique_ptr<io::Timer> feed_timer_;
  std::unique_ptr<io::Timer> take_over_timer_;
  bool pump_scheduled_ = false;
  std::optional<uint64_t> ending_drops_;  // while everything is dropped: one line for all of it
  bool closed_ = false;                   // the exporter is closed: nothing is sent any more
  MonotonicTime drain_deadline_ = kNever;
  std::atomic<bool> starving_{false};     // set here, cleared by who wakes this worker; seq_cst
  std::atomic<bool> room_posted_{false};  // a wake-up for room is on its way; seq_cst
};

}  // namespace millrace::pipeline
