// Which slot the calling thread has in which buffer. A table for each thread, found by the buffer's
// number, so that any number of collectors live side by side without a global list.
#pragma once

#include <cstdint>
#include <memory>

#include "library/buffer.h"

namespace millrace::library {

// A buffer with a number that no other one of this process has had.
struct NumberedBuffer {
  uint64_t number;  // random, never 0
  std::shared_ptr<Buffer> buffer;
};

// The last one looked up, where a thread with one collector finds its slot in a few instructions.
struct RecentSlot {
  uint64_t number;
  Buffer::Slot* slot;
};
extern constinit thread_local RecentSlot t_recent_slot [[gnu::tls_model("initial-exec")]];

// Finds or makes the thread's entry. Null where there is no memory, and while the thread is ending
// and its table is gone: use a slot for this once (Buffer::join and leave).
Buffer::Slot* find_slot(const NumberedBuffer& buffer);

inline Buffer::Slot* slot_of_this_thread(const NumberedBuffer& buffer) {
  if (t_recent_slot.number == buffer.number) [[likely]] {
    return t_recent_slot.slot;
  }
  return find_slot(buffer);
}

}  // namespace millrace::library
