// A destination on one worker: conducts the parts that queue, form, send, retry and settle what is
// for this destination (README.md has the picture), and drains them at the end.
//
// One for each (destination, worker), used on that worker's loop only, except where stated. Which
// worker sends what is decided by which has a permit; the queue is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "destination/admission_line.h"
#include "destination/batcher.h"
#include "destination/destination.h"
#include "destination/flush_timer.h"
#include "destination/outage_compaction.h"
#include "destination/request_cutter.h"
#include "destination/reroute.h"
#include "destination/retry_policy.h"
#include "destination/sender.h"
#include "destination/settlement.h"
#include "io/long_work.h"
#include "io/loop.h"
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
    DeadLetters* dead_letters = nullptr;  // null: what is dropped is not kept; outlives this
    // The worker's, for cutting large requests in slices; null: in one go. Outlives this, or is
    // finished before it goes.
    io::LongWork* long_work = nullptr;
  };
  // Registers with the destination: made at assembly, before any loop runs.
  DestinationWorker(Destination& destination, io::Loop& loop, Parts parts);
  // After its loop has stopped, or on the loop. What is still here is dropped as `shutdown`.
  ~DestinationWorker();
  // Nothing is exported any more and no answer is heard. Where connectors submit from one worker to
  // another this comes first for all of them, and then they go, in any order.
  void stop_exporting();
  DestinationWorker(const DestinationWorker&) = delete;
  DestinationWorker& operator=(const DestinationWorker&) = delete;

  Destination& destination() { return destination_; }
  const DestinationOptions& options() const { return options_; }
  io::Loop& loop() { return loop_; }
  Exporter& exporter() { return sender_.exporter(); }
  // "connected to …": the exporter's word.
  std::string describe() const { return sender_.exporter().describe(); }
  // Records all that this worker does in the accounts of this destination.
  ledger::Book& book() { return settlement_.book(); }
  const ledger::Book& book() const { return settlement_.book(); }
  // Points to this as long as it lives; read on its loop.
  const std::shared_ptr<DestinationWorker*>& token() const { return self_; }
  // Counts what this worker holds itself (not the shared queue); on its loop, or when nothing runs.
  void count_held(ledger::Held& held) const override;
  // Looks for the oldest request that this worker holds itself; on its loop, once a second.
  void note_oldest();
  // When it was admitted, as noted last; kNever: none. Any thread.
  MonotonicTime oldest() const { return oldest_.load(std::memory_order_relaxed); }

  // --- Admission ---
  enum class Room : uint8_t { kReserved, kFull, kWait, kNever };
  using Need = SendingQueue::Need;
  Need need_of(const Payload& payload) const { return queue_.need_of(payload); }
  // Reserves by the destination's own rule, dropping the oldest if that is the rule. kFull: refuse.
  // kWait: refuse, or wait in line with wait_for_room. kNever: larger than the whole queue.
  // kWait also where the oldest lies on disk and its size has to be looked up there.
  Room try_reserve(Need need);
  Room try_reserve(const Payload& payload) { return try_reserve(need_of(payload)); }
  // Gives a reservation back, unused.
  void release(const Payload& payload) { queue_.release_unused(need_of(payload)); }
  // Enqueues what was reserved; the batch is formed at the end of this turn. `admitted_bytes` are
  // the payload's as admitted, before processors. `record` is what store() (storage.h) made of it
  // where the destination has storage, and then not null: requests on disk only are not committed.
  void commit(Payload payload, ledger::Account& account, size_t admitted_bytes,
              LeaseRef record = nullptr);
  // See AdmissionLine::wait.
  void wait_for_room(AdmissionLine::Retry retry, MonotonicTime deadline,
                     AdmissionLine::Expire expire);
  bool has_line() const { return !line_.is_empty(); }
  // The answer to a sender that is refused.
  Verdict full_verdict(Room room, Need need);
  // See Settlement.
  void count_refused(uint32_t items, LossReport::Refusal reason) {
    settlement_.count_refused(items, reason);
  }
  void count_dropped_at_the_queue(uint32_t items) { settlement_.count_dropped_at_the_queue(items); }

  // Forms a batch of what is pending now, however little, as soon as there is a permit.
  void flush() { send_next(Batcher::Trigger::kTimeout, nullptr); }
  // The levels that are asked to deliver requests of `account` that cannot be delivered here
  // (options().hands_back; reroute.h). They are of this loop; none is called from the destructor
  // on. Before the loops run.
  void reroute_to(const ledger::Account& account, std::vector<Intake*> levels) {
    reroute_.add_levels(account, std::move(levels));
  }

  // --- Storage (stored_queue.h) ---
  void enqueue_read(segment_log::Record record, ledger::Account& account, LeaseRef lease,
                    std::shared_ptr<Completion> waiter) override;
  void feed_later(Duration wait) override;

  // --- The end, called by Drain ---
  // Flushes at once and keeps trying until `deadline`; then closes the exporter and drops the rest
  // as drain_deadline.
  void begin_drain(MonotonicTime deadline);
  // Exporter::flush, unless the exporter is closed.
  bool flush_exporter(Exporter::Flushed done);
  // An earlier deadline for a drain that has begun.
  void hasten_drain(MonotonicTime deadline);

  // --- Called by the shared parts; any thread ---
  void wake_for_room() { line_.wake(); }
  void wake_for_permit();
  void wake_for_breaker() { sender_.wake_for_breaker(); }

 private:
  using Trigger = Batcher::Trigger;
  using Slot = Sender::Slot;

  // Admission.
  segment_log::GivingUp drop_oldest();
  void enqueue(PendingRequest&& request);

  // send_next alone decides what is sent next.
  void schedule();
  void post_schedule(Trigger trigger);
  void send_next(Trigger trigger, Slot* slot);
  bool send_while_ready(Trigger trigger, Slot* slot, bool has_permit);
  bool try_acquire_permit();
  struct Formed {
    std::unique_ptr<Flight> batch;
    bool permit_is_kept = false;  // by a request that is being cut
  };
  Formed form(Trigger trigger);
  void on_cut(RequestCutter::Cut cut);
  void drop_rest(Slot& slot);

  // What becomes of a batch.
  void on_answer(Slot& slot, const Sender::Answer& answer);
  bool retry(Slot& slot, const Outcome& outcome, bool begins_outage);
  void cut_too_large(Slot& slot, const Outcome& outcome);
  void split_bad_data(Slot& slot, const Outcome& outcome);
  void on_expired(Slot& slot, const RetryPolicy::Decision& decision);
  void drop(Flight& flight, ledger::DropReason reason, const Verdict& verdict);

  // The end.
  void leave_pending_on_disk();
  bool write(Backlog& backlog, const PendingRequest& request);
  void hand_back_pending();
  void end_waiting_attempts();
  void expire_drain();
  void drop_everything(ledger::DropReason reason, const Verdict& verdict);

  Destination& destination_;
  const DestinationOptions& options_;
  SendingQueue& queue_;
  SendWindow& window_;
  io::Loop& loop_;
  // Tasks posted from elsewhere may run after this is gone; they hold the token and look.
  std::shared_ptr<DestinationWorker*> self_;
  std::shared_ptr<BacklogReader*> reader_self_;  // the same, for the backlog

  const RetryPolicy policy_;
  Settlement settlement_;
  AdmissionLine line_;
  RequestCutter cutter_;
  Batcher batcher_;
  Sender sender_;
  Reroute reroute_;
  OutageCompaction compaction_;
  FlushTimer flush_timer_;

  std::unique_ptr<io::Timer> drain_timer_;
  std::unique_ptr<io::Timer> feed_timer_;
  bool is_scheduled_ = false;
  // This worker waits for a permit: set here, cleared by the thread that wakes it; seq_cst.
  std::atomic<bool> is_starving_{false};
  // Written on the loop, read by any thread for people; relaxed.
  std::atomic<MonotonicTime> oldest_{kNever};
};

}  // namespace millrace::pipeline
