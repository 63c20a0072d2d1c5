#include "destination/compactor.h"

#include <utility>

namespace millrace::pipeline {

bool Compactor::is_wasteful(const Rope& rope) {
  size_t capacity = 0;
  const Chunk* last = nullptr;
  for (const Bytes& piece : rope.pieces()) {
    const Chunk* chunk = piece.chunk().get();
    if (chunk != nullptr && chunk != last) capacity += chunk->capacity;
    last = chunk;
  }
  return rope.size() * 2 < capacity;
}

bool Compactor::compact(Rope& rope) {
  if (!is_wasteful(rope)) return true;
  if (pool_ == nullptr) return false;
  const size_t size = rope.size();
  if (!open_ || open_->capacity - used_ < size) {
    ChunkRef fresh = pool_->try_acquire(size);
    if (!fresh) return false;
    open_ = std::move(fresh);
    used_ = 0;
  }
  uint8_t* into = open_->data() + used_;
  rope.copy_to(into);
  rope = Rope(Bytes(open_, into, size));
  used_ += size;
  // A full chunk lives only through its slices.
  if (used_ == open_->capacity) open_ = ChunkRef();
  return true;
}

}  // namespace millrace::pipeline
