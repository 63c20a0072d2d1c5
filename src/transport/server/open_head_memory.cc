#include "transport/server/open_head_memory.h"

namespace millrace::transport {

bool OpenHeadMemory::cover(size_t bytes) {
  if (bytes <= kIncluded) {
    if (memory_) release();
    return true;
  }
  if (bytes <= memory_.bytes()) return true;
  release();
  const size_t wanted = (bytes / kStep + 1) * kStep;
  if (loop_bytes_ + wanted > budget_.limit() / kShare) return false;
  memory_ = Reservation::try_make(budget_, MemoryTerm::kConnections, wanted);
  loop_bytes_ += memory_.bytes();
  return static_cast<bool>(memory_);
}

void OpenHeadMemory::release() {
  loop_bytes_ -= memory_.bytes();
  memory_ = Reservation();
}

}  // namespace millrace::transport
