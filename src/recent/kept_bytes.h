// Shared by the parts that keep telemetry for the console: the copy, its cost, and the part of the
// budget that stays free for messages. Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/allocation_name.h"
#include "base/bytes.h"
#include "memory/budget.h"

namespace millrace::recent {

// The memory of what is kept beside its bytes: itself, its place in a list, the chunk's head.
inline constexpr size_t kKeptCost = 256;

// Only the last eighth of the budget, or less, would be left.
inline bool is_short_for(const Budget& budget, size_t bytes) {
  constexpr size_t kFreePart = 8;
  return budget.used() + bytes > budget.limit() - budget.limit() / kFreePart;
}

// A copy in one piece of its own, made a part at a time. The caller has reserved it under
// MemoryTerm::kRecent. Belongs to one thread.
class KeptCopy {
 public:
  explicit KeptCopy(Rope rope) : rope_(std::move(rope)) {
    if (rope_.empty()) return;
    const AllocationName name("term recent");
    Chunk* const chunk = allocate_chunk(rope_.size());
    to_ = chunk->data();
    copy_ = Bytes(ChunkRef::adopt(chunk), to_, rope_.size());
  }
  bool is_whole() const { return piece_ == rope_.pieces().size(); }
  // Copies at most `bytes_max` more. Returns how many it copied.
  size_t proceed(size_t bytes_max) {
    size_t left = bytes_max;
    while (!is_whole() && left != 0) {
      const Bytes& piece = rope_.pieces()[piece_];
      const size_t size = std::min(left, piece.size() - offset_);
      to_ = std::copy_n(piece.data() + offset_, size, to_);
      left -= size;
      offset_ += size;
      if (offset_ != piece.size()) continue;
      offset_ = 0;
      ++piece_;
    }
    return bytes_max - left;
  }
  Bytes bytes() const { return copy_; }  // once it is whole

 private:
  Rope rope_;
  Bytes copy_;
  uint8_t* to_ = nullptr;
  size_t piece_ = 0;   // of the rope, that is copied now
  size_t offset_ = 0;  // in that piece
};

inline Bytes kept_copy_of(const Rope& rope) {
  KeptCopy copy(rope);
  copy.proceed(rope.size());
  return copy.bytes();
}

}  // namespace millrace::recent
