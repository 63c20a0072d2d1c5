// Which batches are shown: in each second the first few, and then every n-th. One thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace millrace::exporters {

class Sampler {
 public:
  Sampler(int64_t initial, int64_t thereafter) : initial_(initial), thereafter_(thereafter) {}
  bool admits(MonotonicTime now);

 private:
  const int64_t initial_;
  const int64_t thereafter_;  // 0: none of the rest
  MonotonicTime second_started_{};
  int64_t count_ = 0;
  bool started_ = false;
};

}  // namespace millrace::exporters
