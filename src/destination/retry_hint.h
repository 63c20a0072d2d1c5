// Computes how long senders should stay away when a queue is full.
//
// Too short, and refusing costs more than the work; too long, and the queue runs empty while they
// all wait: with a queue of 50 ms and "come back in a second", 256 senders got a back end of
// 400 requests a second to two thirds of its speed. So the time is that in which half of the queue
// is sent, and is then made longer while more is refused than is sent, and shorter while little is.
// Each refusal gets another part of it, or all would come back at once, again and again.
//
// Threads: safe from any. Refusals at the same moment may count for either second.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace millrace::pipeline {

class RetryHint {
 public:
  // Costs are in the queue's units, whatever those are.
  void note_finished(uint64_t cost) { finished_.fetch_add(cost, std::memory_order_relaxed); }

  // For a request that is refused now, while `queued_cost` waits or is under way. `is_stalled`: the
  // destination does not answer.
  Duration refuse(MonotonicTime now, uint64_t cost, uint64_t queued_cost, bool is_stalled);

 private:
  void end_window(int64_t elapsed_ns, uint64_t finished, uint64_t queued_cost);
  Duration spread(Duration hint);

  // A window is about a second in which senders were refused. All relaxed: what is advised moves
  // slowly, and a count that falls into the next window changes nothing.
  std::atomic<uint64_t> finished_{0};        // cost, ever
  std::atomic<uint64_t> refused_{0};         // cost in this window
  std::atomic<int64_t> window_began_ns_{0};  // 0: none yet
  std::atomic<uint64_t> finished_at_begin_{0};
  std::atomic<int64_t> hint_ns_{0};  // 0: nothing is known yet
  std::atomic<uint64_t> told_{0};    // refusals, ever: picks the part of the hint
};

}  // namespace millrace::pipeline
