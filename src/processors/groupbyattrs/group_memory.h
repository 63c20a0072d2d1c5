// Memory that grows with the groups of a request, reserved in the budget as it grows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "memory/work.h"

namespace millrace::processors::groupbyattrs {

// Keeps the first refusal. One thread.
class GroupMemory {
 public:
  explicit GroupMemory(Work& work) : work_(work) {}

  // False when the budget refused now or before.
  bool charge(size_t bytes) {
    used_ += bytes;
    if (failure_ || used_ <= std::max(kUnreservedBytes, reserved_.bytes())) return !failure_;
    Reservation larger = Reservation::try_make(work_.pool.budget(), MemoryTerm::kWork, 2 * used_);
    if (!larger) failure_ = no_memory("grouping items", 2 * used_, work_.pool.budget());
    if (larger) reserved_ = std::move(larger);
    return !failure_;
  }
  // For one text at a time, whose memory is used again.
  bool can_hold(size_t bytes) {
    if (bytes <= largest_) return !failure_;
    const size_t more = 2 * bytes - largest_;
    largest_ = 2 * bytes;
    return charge(more);
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  static constexpr size_t kUnreservedBytes = 64 * 1024;

  Work& work_;
  size_t used_ = 0;
  size_t largest_ = 0;
  Reservation reserved_;
  std::optional<Error> failure_;
};

}  // namespace millrace::processors::groupbyattrs
