#include "memory/chunk_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {

ChunkBuffer::Room ChunkBuffer::make_room(size_t more) {
  MILLRACE_CHECK(used_ <= capacity_ && capacity_ <= bytes_max_);
  if (more <= capacity_ - used_) return Room::kOk;
  if (more > bytes_max_ - used_) return Room::kLimit;
  if (!chunk_) {
    if (ChunkPool::Tail tail = pool_.take_tail(more); tail.chunk) {
      offset_ = tail.offset;
      chunk_ = std::move(tail.chunk);
      capacity_ = std::min(chunk_->capacity - offset_, bytes_max_);
      return Room::kOk;
    }
  }
  const size_t doubled = std::min(bytes_max_, 2 * capacity_);
  ChunkRef larger = pool_.try_acquire(std::max(used_ + more, doubled));
  // A full budget may still have room for less. Never for just `more`: a caller that comes back for
  // each byte would copy everything each time.
  const size_t modest = std::max(used_ + more, std::min(bytes_max_, capacity_ + capacity_ / 4));
  if (!larger && modest < doubled) larger = pool_.try_acquire(modest);
  if (!larger) return Room::kMemory;
  if (used_ > 0) copy(larger->data(), data(), used_);
  if (chunk_) pool_.keep_tail({std::move(chunk_), offset_});
  chunk_ = std::move(larger);
  offset_ = 0;
  capacity_ = std::min(chunk_->capacity, bytes_max_);
  return Room::kOk;
}

void ChunkBuffer::copy(uint8_t* into, const uint8_t* from, size_t size) {
  constexpr size_t kStepBytes = 128 * 1024;
  while (pace_ != nullptr && size > kStepBytes) {
    std::memcpy(into, from, kStepBytes);
    into += kStepBytes;
    from += kStepBytes;
    size -= kStepBytes;
    pace_->step(kStepBytes / 4);  // and the pages of a new chunk
  }
  std::memcpy(into, from, size);
}

Bytes ChunkBuffer::finish() {
  const size_t size = std::exchange(used_, 0);
  capacity_ = 0;
  const size_t offset = std::exchange(offset_, 0);
  ChunkRef chunk = std::move(chunk_);
  if (size == 0) return {};
  if (chunk->capacity > kPooledChunkBytes && size < chunk->capacity / 2) {
    if (ChunkRef fitting = pool_.try_acquire(size)) {
      copy(fitting->data(), chunk->data(), size);
      chunk = std::move(fitting);
    }
  }
  const uint8_t* data = chunk->data() + offset;
  pool_.keep_tail({chunk, offset + size});
  return Bytes(std::move(chunk), data, size);
}

}  // namespace millrace
