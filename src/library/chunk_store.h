// Chunks of three sizes for the threads that collect, recycled without a lock and bounded in bytes:
// what is held is the capacity of every chunk that is not idle here.
//
// Threads: any, for everything. Chunks come home from wherever their last reference is dropped, and
// may outlive the store (a user may keep a batch); the last one frees what they share.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "queue/mpmc_ring.h"

namespace millrace::library {

inline constexpr std::array<size_t, 3> kChunkSizes = {4096, 16384, 65536};

class ChunkStore {
 public:
  explicit ChunkStore(size_t bytes_max);
  ~ChunkStore();
  ChunkStore(const ChunkStore&) = delete;
  ChunkStore& operator=(const ChunkStore&) = delete;

  // The smallest size that holds `size`, or one of just that size beyond the largest. Null when it
  // would pass bytes_max, or the system has no memory. The caller holds the one reference.
  Chunk* try_acquire(size_t size);
  // The same without the bound: for making one chunk of several, which are then dropped.
  Chunk* acquire(size_t size);
  size_t bytes_held() const;
  // Whether a chunk is of some store, and so may outlive everything else; a worker's pool needs its
  // budget.
  static bool is_of_a_store(const Chunk& chunk);

 private:
  class Home;
  Home* home_;
};

}  // namespace millrace::library
