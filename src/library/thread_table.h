// Finds the calling thread's slot in a buffer. Each thread has a table whose keys are the buffers'
// numbers, so that any number of collectors coexist without a global list.
#pragma once

#include <cstdint>
#include <memory>

#include "library/buffer.h"

namespace millrace::library {

// A buffer with a number that is unique in this process.
struct NumberedBuffer {
  uint64_t number;  // random, never 0
  std::shared_ptr<Buffer> buffer;
};

// The result of the last look-up, which a thread with one collector finds in a few instructions.
struct RecentSlot {
  uint64_t number;
  Buffer::Slot* slot;
};
extern constinit thread_local RecentSlot t_recent_slot [[gnu::tls_model("initial-exec")]];

// Finds or creates the thread's entry. Null when there is no memory, and while the thread is ending
// and its table is destroyed: use a slot for one call then (Buffer::join and leave).
Buffer::Slot* find_slot(const NumberedBuffer& buffer);

inline Buffer::Slot* slot_of_this_thread(const NumberedBuffer& buffer) {
  if (t_recent_slot.number == buffer.number) [[likely]] {
    return t_recent_slot.slot;
  }
  return find_slot(buffer);
}

}  // namespace millrace::library
