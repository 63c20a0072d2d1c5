// Pauses between failed reads of one segment, and the end of trying.
// One thread at a time.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace millrace::segment_log {

class ReadBackoff {
 public:
  static constexpr Duration kPause = 1s;
  // After so many failures in a row, with a pause behind each, a record counts as damaged.
  static constexpr uint32_t kFailuresMax = 10;

  void note_failure(WallTime now) {
    ++failures_;
    retry_at_ = now + kPause;
  }
  void note_success() { failures_ = 0; }

  bool has_failed() const { return failures_ > 0; }
  // A clock that is set back does not make the pause longer.
  bool is_pausing(WallTime now) const {
    return failures_ > 0 && now < retry_at_ && now >= retry_at_ - kPause;
  }
  bool is_exhausted() const { return failures_ >= kFailuresMax; }

 private:
  uint32_t failures_ = 0;  // in a row
  WallTime retry_at_{};
};

}  // namespace millrace::segment_log
