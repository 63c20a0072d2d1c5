// Copies what will lie for long out of chunks that it uses little of: a span of 450 bytes must not
// keep 512 KiB of its connection's chunk alive while its destination is down.
//
// Rule: a rope that uses less than half of the chunks under it is copied, packed with others into
// chunks of the pool. A destination applies it to what is enqueued while it is failing, and to what
// waits, and to the batch itself, when an attempt fails. A healthy destination copies nothing.
//
// One worker's. When the budget refuses a chunk, the rope stays as it is.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "memory/chunk_pool.h"

namespace millrace::pipeline {

class Compactor {
 public:
  // Null: never copies.
  explicit Compactor(ChunkPool* pool) : pool_(pool) {}
  bool is_enabled() const { return pool_ != nullptr; }
  // Consecutive pieces of one chunk count it once.
  static bool is_wasteful(const Rope& rope);
  // True when `rope` is now compact, whether it was copied or not.
  bool compact(Rope& rope);
  // Lets go of the chunk that is being filled; it lives on through its slices.
  void close() { open_ = ChunkRef(); }
  // Nothing lies in the chunk any more.
  bool is_unused() const { return open_ && open_.unique(); }

 private:
  ChunkPool* pool_;
  ChunkRef open_;
  size_t used_ = 0;
};

}  // namespace millrace::pipeline
