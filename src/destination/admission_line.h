// The submissions of one worker that wait, in order, for room in a destination's sending queue
// (OnFull::kBlock). Used on the worker's loop only, except wake().
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>

#include "base/time.h"
#include "destination/sending_queue.h"
#include "io/loop.h"

namespace millrace::pipeline {

class AdmissionLine {
 public:
  // Tries again; true: the submission is settled and leaves the line.
  using Retry = std::move_only_function<bool()>;
  // Runs once, instead, at the deadline or when draining starts.
  using Expire = std::move_only_function<void()>;

  // Both outlive this.
  AdmissionLine(SendingQueue& queue, io::Loop& loop);
  ~AdmissionLine() { close(); }
  AdmissionLine(const AdmissionLine&) = delete;
  AdmissionLine& operator=(const AdmissionLine&) = delete;

  // `deadline` kNever: none. `retry` runs in a later turn at the earliest.
  void wait(Retry retry, MonotonicTime deadline, Expire expire);
  bool is_empty() const { return line_.empty(); }
  // There may be room: the line tries in a turn of its own. Any thread.
  void wake();
  // Every submission has waited long enough.
  void expire_all() { expire(kNever); }
  // No retry runs any more. Requests in the line still wait for expire_all().
  void close() { *self_ = nullptr; }

 private:
  struct Waiting {
    Retry retry;
    MonotonicTime deadline;
    Expire expire;
  };
  void try_in_order();
  void expire(MonotonicTime now);
  void arm_timer();

  SendingQueue& queue_;
  io::Loop& loop_;
  std::deque<Waiting> line_;
  std::unique_ptr<io::Timer> timer_;
  // Tasks may run after this is gone; they hold the token and look.
  std::shared_ptr<AdmissionLine*> self_;
  // A wake-up is on its way. Sequentially consistent against the queue's sums: a release that comes
  // after it was cleared posts another.
  std::atomic<bool> is_woken_{false};
};

}  // namespace millrace::pipeline
