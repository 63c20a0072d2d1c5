// The largest message that a destination accepts, as its refusals taught it. Only shrinks. Threads:
// any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace millrace::pipeline {

class PeerSizeLimit {
 public:
  // It never becomes smaller than this: a destination that refuses everything as too large must not
  // make batches of single items.
  static constexpr uint64_t kBytesMin = 16 * 1024;

  // 0: unknown.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // A batch of so many bytes was too large: half of it may be small enough.
  void note_refused(uint64_t batch_bytes) {
    const uint64_t half = std::max(kBytesMin, batch_bytes / 2);
    const uint64_t known = bytes();
    if (batch_bytes > half && (known == 0 || half < known)) {
      bytes_.store(half, std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<uint64_t> bytes_{
      0};  // relaxed: a worker that reads an old value is refused once more
};

}  // namespace millrace::pipeline
