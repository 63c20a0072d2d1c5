// The limit of key updates, alerts, session tickets and refused renegotiations of an open session;
// a well-behaved peer sends two or three altogether. Each costs microseconds, and some an answer.
#pragma once

#include "base/time.h"

namespace millrace::io {

class TlsControlLimit {
 public:
  static constexpr int kMessagesMax = 32;
  static constexpr Duration kInterval = 60s;

  // Counts a message; false: there were too many in the interval.
  [[nodiscard]] bool admit(MonotonicTime now) {
    if (now >= since_ + kInterval) {
      since_ = now;
      count_ = 0;
    }
    return ++count_ <= kMessagesMax;
  }

 private:
  int count_ = 0;  // since since_
  MonotonicTime since_{};
};

}  // namespace millrace::io
