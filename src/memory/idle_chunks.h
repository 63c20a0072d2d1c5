// How many free chunks a pool keeps for the next messages.
//
// A new chunk costs a page fault for each 4 KiB of it: 130 of them, as long as validating 1,000
// spans. A queue fills and drains in the rhythm of its back end, so what was not needed for a
// second is needed in the next. What was needed at once within the last seconds is kept, and no
// more: a pool that has come to rest gives back everything in that time.
//
// A pure function of the state and of the seconds that pass. One owner; no locks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace millrace {

class IdleChunks {
 public:
  // Of which the largest need counts. The limit of the memory ten seconds after a load leaves two.
  static constexpr size_t kSeconds = 8;

  // Never more than `idle_max` are kept.
  explicit IdleChunks(size_t idle_max) : idle_max_(idle_max) {}

  // So many chunks are in use now.
  void note_used(size_t used) { peaks_[second_] = std::max(peaks_[second_], used); }
  // A second has passed; `used` chunks are in use.
  void end_second(size_t used) {
    second_ = (second_ + 1) % kSeconds;
    peaks_[second_] = used;
  }
  // The most free chunks that are worth keeping beside those `used` now.
  size_t to_keep(size_t used) const {
    const size_t needed = *std::max_element(peaks_.begin(), peaks_.end());
    return std::min(idle_max_, needed - std::min(needed, used));
  }
  size_t idle_max() const { return idle_max_; }

 private:
  const size_t idle_max_;
  std::array<size_t, kSeconds> peaks_{};  // the most chunks in use at once, by second
  size_t second_ = 0;                     // the one that goes on
};

}  // namespace millrace
