// One contiguous piece of output of unknown size, grown in chunks of the pool, so that what is
// being written is reserved in the budget before it is written.
//
// Growing acquires the new chunk before the old one goes home and copies once; sizes double, so a
// byte is copied less than twice. Destroying the buffer, or finish(), gives everything else back.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
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
  // Tells the pace of the work what it copies, in steps.
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
  void note_written(size_t size) { used_ += size; }
  // Precondition: size <= room() + used().
  void set_used(size_t size) { used_ = size; }

  // The bytes; the buffer is empty afterwards. What uses less than half of a chunk beyond the
  // pooled size moves into one that fits, where the budget allows it; what a pooled chunk has left
  // is for the next buffer.
  Bytes finish();

 private:
  void copy(uint8_t* into, const uint8_t* from, size_t size);

  ChunkPool& pool_;
  Pace* const pace_ = nullptr;
  const size_t bytes_max_;
  ChunkRef chunk_;
  size_t offset_ = 0;    // where in the chunk it begins: it may be the tail of another's
  size_t capacity_ = 0;  // min(what the chunk has from there, bytes_max_)
  size_t used_ = 0;
};

}  // namespace millrace
