#include "library/thread_table.h"

#include <new>
#include <vector>

namespace millrace::library {

constinit thread_local RecentSlot t_recent_slot = {0, nullptr};

namespace {

// Whether this thread's table has been destroyed; trivially destructible: it stays readable.
constinit thread_local bool t_table_is_gone = false;

class ThreadTable {
 public:
  ~ThreadTable() {
    t_recent_slot = {0, nullptr};
    t_table_is_gone = true;
    // An open chunk stays in its slot, where the loop or the next owner takes it.
    for (const Entry& entry : entries_) entry.buffer->leave(*entry.slot);
  }
  Buffer::Slot* find(const NumberedBuffer& wanted) {
    for (const Entry& entry : entries_) {
      if (entry.number == wanted.number) return entry.slot;
    }
    // Entries of closed buffers are removed when one is added. No other thread reads their
    // slots.
    std::erase_if(entries_, [](const Entry& entry) {
      if (!entry.buffer->is_closed()) return false;
      entry.buffer->leave(*entry.slot);
      return true;
    });
    entries_.reserve(entries_.size() + 1);
    Buffer::Slot* slot = wanted.buffer->join();
    if (slot != nullptr) entries_.push_back({wanted.number, wanted.buffer, slot});
    return slot;
  }

 private:
  struct Entry {
    uint64_t number;
    std::shared_ptr<Buffer> buffer;  // shared with its collector; the last of the two destroys it
    Buffer::Slot* slot;
  };
  std::vector<Entry> entries_;
};

}  // namespace

Buffer::Slot* find_slot(const NumberedBuffer& buffer) {
  if (t_table_is_gone) return nullptr;
  thread_local ThreadTable table;
  try {
    Buffer::Slot* slot = table.find(buffer);
    if (slot != nullptr) t_recent_slot = {buffer.number, slot};
    return slot;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace millrace::library
