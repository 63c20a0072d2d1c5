// The memory of the series: counted to the byte against a limit of their own, reserved in the
// budget in steps. One thread; the budget outlives it.
#pragma once

#include <cstddef>
#include <vector>

#include "memory/budget.h"

namespace millrace::exporters {

class StateMemory {
 public:
  static constexpr size_t kStepBytes = size_t{64} << 10;

  StateMemory(Budget& budget, size_t bytes_max) : budget_(budget), bytes_max_(bytes_max) {}

  // False: the limit or the budget has no room, and nothing is taken.
  [[nodiscard]] bool try_take(size_t bytes) {
    if (bytes > bytes_max_ || used_ > bytes_max_ - bytes) return false;
    const size_t wanted = used_ + bytes;
    if (wanted > reserved_) {
      const size_t more = (wanted - reserved_ + kStepBytes - 1) / kStepBytes * kStepBytes;
      Reservation step = Reservation::try_make(budget_, MemoryTerm::kKeyedState, more);
      if (!step) return false;
      reserved_ += more;
      steps_.push_back(std::move(step));
    }
    used_ = wanted;
    return true;
  }
  void give_back(size_t bytes) {
    MILLRACE_CHECK(bytes <= used_);
    used_ -= bytes;
    // One step more than needed stays, so that one series at the border costs nothing.
    while (!steps_.empty() && reserved_ - used_ >= steps_.back().bytes() + kStepBytes) {
      reserved_ -= steps_.back().bytes();
      steps_.pop_back();
    }
  }
  size_t used() const { return used_; }
  size_t bytes_max() const { return bytes_max_; }

 private:
  Budget& budget_;
  const size_t bytes_max_;
  size_t used_ = 0;
  size_t reserved_ = 0;
  std::vector<Reservation> steps_;
};

}  // namespace millrace::exporters
