// Chunks of three sizes for the collecting threads, recycled without a lock and bounded in bytes:
// the bound applies to the capacities of all chunks that are not idle here.
//
// Threads: any, for everything. A chunk returns where its last reference is dropped, and may
// outlive the store (a program may keep a batch); the last chunk then frees the shared state.
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

  // Returns a chunk of the smallest size class for `size`, or of exactly `size` above the largest
  // class, with one reference. Null when bytes_max would be exceeded or the system has no memory.
  Chunk* try_acquire(size_t size);
  // As try_acquire() without the bound: for joining several chunks, which are then dropped.
  Chunk* acquire(size_t size);
  size_t bytes_held() const;
  // Whether a store made the chunk, so that it may outlive everything else; a chunk of a worker's
  // pool needs its budget.
  static bool is_of_a_store(const Chunk& chunk);

 private:
  class Home;
  Home* home_;
};

}  // namespace millrace::library
