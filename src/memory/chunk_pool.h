// Chunks for received bytes. Every chunk that lives is reserved in the budget by its whole
// capacity, once, however many slices share it; so a reservation *is* a chunk, and the budget's
// figure is what is really held.
//
// Threads: acquire() and the destructor belong to the owning worker; chunks come home from any
// thread and may outlive the pool (the last one then frees the shared state). The budget must
// outlive both.
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "memory/budget.h"

namespace millrace {

// The usual chunk: large enough that a read of 256 KiB always fits behind a partial message, small
// enough that an idle worker costs little.
inline constexpr size_t kPooledChunkBytes = 512 * 1024;

class ChunkPool {
 public:
  // Keeps at most `idle_chunks_max` free chunks of the pooled size, which stay reserved until
  // trim() finds that nobody needed them.
  ChunkPool(Budget& budget, size_t idle_chunks_max);
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // A chunk with room for at least `size` bytes: the pooled size when it fits, otherwise one of
  // just that size, freed and not pooled afterwards. Empty when the budget refuses.
  ChunkRef try_acquire(size_t size);
  // What a chunk has left behind its last user's bytes, for the next user of this worker: outputs
  // whose size is not known beforehand (decompressed bodies, JSON) would otherwise reserve a whole
  // chunk each, ten times what they hold.
  struct Tail {
    ChunkRef chunk;  // empty: there is none
    size_t offset = 0;
  };
  // With at least `size` bytes behind the offset. Whoever has it may write there, alone.
  Tail take_tail(size_t size);
  void keep_tail(Tail tail);
  Budget& budget();
  // Frees the idle chunks that were not needed since the last call: called once a second it lets
  // a pool follow its traffic without asking the system for memory with each burst.
  void trim();

 private:
  class Home;
  Tail tail_;
  Home* home_;  // counts its chunks; frees itself with the last one once the pool is gone
};

}  // namespace millrace
