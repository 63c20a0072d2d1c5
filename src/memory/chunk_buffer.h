// One contiguous output of unknown size that grows in chunks of the pool, so that its bytes are
// reserved in the budget before they are written.
//
// make_room() acquires the new chunk before it releases the old one, and copies once; sizes double,
// so a byte is copied less than twice. The destructor and finish() release all other memory.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "memory/chunk_pool.h"
#include "memory/work.h"

namespace millrace {

class ChunkBuffer {
 public:
  enum class Room : uint8_t {
    kOk,
    kLimit,   // more than bytes_max would be needed
    kMemory,  // the budget refused
  };

  // The result never holds more than `bytes_max`.
  ChunkBuffer(ChunkPool& pool, size_t bytes_max) : pool_(pool), bytes_max_(bytes_max) {}
  // Reports its copies to the pace of the work, in steps.
  ChunkBuffer(Work& work, size_t bytes_max)
      : pool_(work.pool), pace_(&work.pace), bytes_max_(bytes_max) {}

  // Makes room for `more` bytes behind the used ones. Pointers into the buffer are void after it.
  Room make_room(size_t more);

  uint8_t* data() { return chunk_ ? chunk_->data() + offset_ : nullptr; }
  size_t used() const { return used_; }
  // Bytes that may be written at data() + used() now; never lets used() pass bytes_max.
  size_t room() const { return capacity_ - used_; }
  size_t bytes_max() const { return bytes_max_; }
  // Precondition: size <= room().
  void note_written(size_t size) {
    MILLRACE_CHECK(size <= room());
    used_ += size;
  }
  // Precondition: size <= room() + used().
  void set_used(size_t size) {
    MILLRACE_CHECK(size <= capacity_);
    used_ = size;
  }

  // Returns the bytes; the buffer is empty afterwards. Bytes that use less than half of a chunk
  // beyond the pooled size are copied into one that fits, if the budget allows it; the free rest of
  // a pooled chunk is kept for the next buffer.
  Bytes finish();

 private:
  void copy(uint8_t* into, const uint8_t* from, size_t size);

  ChunkPool& pool_;
  Pace* const pace_ = nullptr;
  const size_t bytes_max_;
  ChunkRef chunk_;
  size_t offset_ = 0;    // of the buffer in the chunk, which other bytes may precede
  size_t capacity_ = 0;  // min(bytes of the chunk behind offset_, bytes_max_)
  size_t used_ = 0;
};

}  // namespace millrace
