// Memory of tables that grow with a body: reserved in the budget, in steps, before they grow. All
// of it is released at the end. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "memory/budget.h"

namespace millrace::receivers::prometheus {

class WorkMemory {
 public:
  explicit WorkMemory(Budget& budget, MemoryTerm term = MemoryTerm::kWork)
      : budget_(budget), term_(term) {}
  // False: the budget refuses.
  [[nodiscard]] bool charge(size_t bytes) {
    if (bytes > left_) {
      const size_t step = std::max(bytes, std::clamp(total_, kStepMin, kStepMax));
      Reservation more = Reservation::try_make(budget_, term_, step);
      if (!more) return false;
      parts_.push_back(std::move(more));
      total_ += step;
      left_ += step;
    }
    left_ -= bytes;
    return true;
  }
  size_t total() const { return total_; }

 private:
  static constexpr size_t kStepMin = size_t{16} << 10;
  static constexpr size_t kStepMax = size_t{4} << 20;

  Budget& budget_;
  const MemoryTerm term_;
  std::vector<Reservation> parts_;
  size_t left_ = 0;
  size_t total_ = 0;
};

}  // namespace millrace::receivers::prometheus
