// Messages to the observer. Losses are noted while the log's lock is held and reported when it is
// free.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "segment_log/log.h"

namespace millrace::segment_log {

struct LossNotice {
  TargetId target = 0;
  Loss loss = Loss::kStorageFailed;
  Amount amount;
  RecordRange range;
};

// Counts the losses that the observer has not heard of. Threads: any.
class UntoldLosses {
 public:
  // Under the log's lock; relaxed, because the lock orders it.
  void add() { count_.fetch_add(1, std::memory_order_relaxed); }
  // After the observer has heard.
  void remove() { count_.fetch_sub(1, std::memory_order_release); }
  // Under the lock: true means that the reader sees what the observer did with all losses.
  bool empty() const { return count_.load(std::memory_order_acquire) == 0; }

 private:
  std::atomic<uint64_t> count_{0};
};

// The messages of one call or task, in their order.
class Notices {
 public:
  explicit Notices(UntoldLosses& untold) : untold_(untold) {}
  // Under the log's lock.
  void add_loss(const LossNotice& loss) {
    untold_.add();
    losses_.push_back(loss);
  }
  void add_room() { has_room_ = true; }
  // With the lock free: calls the observer, if it is not null, for each message.
  void tell(Observer* observer) {
    if (observer == nullptr) return;
    for (const LossNotice& notice : std::exchange(losses_, {})) {
      observer->on_lost(notice.target, notice.loss, notice.amount, notice.range);
      untold_.remove();
    }
    if (std::exchange(has_room_, false)) observer->on_room();
  }

 private:
  UntoldLosses& untold_;
  std::vector<LossNotice> losses_;
  bool has_room_ = false;
};

}  // namespace millrace::segment_log
