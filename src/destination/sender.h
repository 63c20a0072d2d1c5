// The batches of one worker that are in flight: their attempts, and what they wait for in between,
// a back-off or the breaker. It says how each attempt ended; what follows is its owner's decision.
//
// On the worker's loop only, except wake_for_breaker().
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "destination/breaker.h"
#include "destination/destination.h"
#include "destination/flight.h"
#include "destination/retry_policy.h"
#include "io/loop.h"
#include "ledger/ledger.h"
#include "pipeline/exporter.h"

namespace millrace::pipeline {

class Sender {
 public:
  // What one permit is used for: the batch in flight, and what was cut from it and follows it.
  struct Slot {
    std::unique_ptr<Flight> flight;            // null: the slot is free, or about to be
    std::deque<std::unique_ptr<Flight>> rest;  // in order
    std::unique_ptr<io::Timer> timer;          // the next attempt
    bool is_attempting = false;                // the exporter owes an answer
    // What the breaker said when the batch asked last; kWait: it waits for the breaker.
    Breaker::Pass pass = Breaker::Pass::kSend;
  };
  struct Answer {
    Outcome outcome;
    bool begins_outage = false;  // the first failure after an answer
  };
  struct Events {
    // An attempt ended. The slot is kept until its batch is retried or the slot is used again.
    std::function<void(Slot&, const Answer&)> on_answer;
    // The batch waited for the breaker and is to be dropped.
    std::function<void(Slot&, const RetryPolicy::Decision&)> on_expired;
  };
  // `log` may be null. All but the exporter outlive this.
  Sender(Destination& destination, const RetryPolicy& policy, io::Loop& loop,
         std::unique_ptr<Exporter> exporter, Logger* log, Events events);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  Exporter& exporter() { return *exporter_; }
  const Exporter& exporter() const { return *exporter_; }
  // The situation for the retry policy, with the breaker as it is now.
  RetryPolicy::Situation situation() const;
  static RetryPolicy::Attempt attempt_of(const Flight& flight);

  // Sends a batch in a slot whose batch is settled, or in a free one (null). The caller has a
  // permit.
  void start(Slot* slot, std::unique_ptr<Flight> flight);
  // The slot's batch is settled, or was cut into parts that follow it. The permit is kept.
  void finish(Slot& slot);
  // Parts of the slot's batch go next, in order.
  void follow_with(Slot& slot, std::vector<std::unique_ptr<Flight>> parts);
  // Sends what follows in the slot. False: nothing does.
  bool start_rest(Slot& slot);
  // The batch failed, and is sent again then.
  void retry_at(Slot& slot, MonotonicTime when, const Error& error);
  // Where the breaker has to know of the failure: the next attempt would be at that time.
  void report_failure(const Slot& slot, MonotonicTime next_attempt_at);

  // The deadline of a drain; attempts do not ask the breaker any more.
  void set_drain_deadline(MonotonicTime deadline) { drain_deadline_ = deadline; }
  MonotonicTime drain_deadline() const { return drain_deadline_; }
  bool is_draining() const { return drain_deadline_ != kNever; }
  // Slots whose batch waits for its next attempt. A snapshot, because settling one may start
  // batches in further slots.
  std::vector<Slot*> waiting_slots();
  // One attempt now, rather than after a back-off that may outlast the drain.
  void attempt_now(Slot& slot) { slot.timer->arm_at(loop_.now()); }
  void stop_waiting(Slot& slot) { slot.timer->disarm(); }

  // Nothing is sent any more; attempts under way end as cancelled, now or in a coming turn. Once.
  void close();
  // No answer is heard any more: what the exporter still owes is not waited for.
  void stop_listening() { *self_ = nullptr; }
  bool is_closed() const { return is_closed_; }
  // Calls `settle` for every batch but those of attempts that still end, and `free` for each slot
  // that has become free by that.
  void take_all(const std::function<void(Flight&)>& settle, const std::function<void()>& free);

  // Settles what follows in a slot, when nothing is sent any more.
  void take_rest(Slot& slot, const std::function<void(Flight&)>& settle);

  // Batches that wait for the breaker look again. Any thread.
  void wake_for_breaker();
  void count_held(ledger::Held& held) const;
  // When the oldest request in flight was admitted; kNever: none is in flight.
  MonotonicTime oldest() const;

 private:
  Slot& free_slot();
  void attempt(Slot& slot);
  bool may_send(Slot& slot, MonotonicTime now);
  void on_outcome(Slot& slot, Outcome outcome);
  void note_answered(Slot& slot, const Outcome& outcome, MonotonicTime now);
  void look_at_breaker();

  Destination& destination_;
  const DestinationOptions& options_;
  const RetryPolicy& policy_;
  io::Loop& loop_;
  std::unique_ptr<Exporter> exporter_;
  Logger* const log_;
  const Events events_;
  std::vector<std::unique_ptr<Slot>> slots_;
  MonotonicTime drain_deadline_ = kNever;
  bool is_closed_ = false;
  // Answers and tasks may come after this is gone; they hold the token and look.
  std::shared_ptr<Sender*> self_;
};

}  // namespace millrace::pipeline
