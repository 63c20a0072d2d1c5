// Chunks for received bytes. Each chunk is reserved in the budget once, by its whole capacity,
// however many slices share it. So the budget counts the memory that is really allocated.
//
// Threads: all functions and the destructor belong to the owning worker. A chunk may be released on
// any thread and may outlive the pool (the last one then frees the shared state). The budget must
// outlive both.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "memory/budget.h"

namespace millrace {

// Bytes of a pooled chunk: large enough for a read of 256 KiB behind a partial message, small
// enough that an idle worker costs little.
inline constexpr size_t kPooledChunkBytes = 512 * 1024;

class ChunkPool {
 public:
  // Keeps at most `idle_chunks_max` free chunks of the pooled size, which stay reserved until
  // trim() finds that they are not needed, or a larger chunk finds no room beside them.
  ChunkPool(Budget& budget, size_t idle_chunks_max);
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Returns a chunk with room for at least `size` bytes: of the pooled size if that suffices,
  // otherwise of just that size, freed and not pooled afterwards. Empty when the budget refuses.
  ChunkRef try_acquire(size_t size);
  // Called when the budget refuses a chunk; true: something was given back, which is tried again
  // once. Called on the owning worker.
  void on_shortage(std::function<bool()> give_back) { give_back_ = std::move(give_back); }
  // As try_acquire(), but where the budget refuses, a chunk of just `size` bytes may pass its limit
  // by kBeyondLimitBytes: for output without which a full process could not be drained.
  ChunkRef acquire_to_drain(size_t size);
  // The free rest of a chunk behind the bytes of its last user, for the next user on this worker.
  // Outputs of unknown size (decompressed bodies, JSON) would otherwise reserve a whole chunk each,
  // ten times the bytes that they hold.
  struct Tail {
    ChunkRef chunk;  // empty: there is none
    size_t offset = 0;
  };
  // Returns a tail with at least `size` bytes behind the offset, or an empty one. Only its holder
  // may write there.
  Tail take_tail(size_t size);
  // Keeps the tail for the next take_tail() if it is longer than the one that is kept.
  // Precondition: it has a chunk.
  void keep_tail(Tail tail);
  Budget& budget();
  // To be called once a second: the pool follows the need of its last seconds
  // (memory/idle_chunks.h). Frees some of the idle chunks that it does not need.
  void trim();
  // Frees more of them, as many as trim(): about half a millisecond of work. False: none are left.
  bool trim_more();

 private:
  class Home;
  Tail tail_;
  std::function<bool()> give_back_;
  Home* home_;  // counts its chunks; frees itself with the last one once the pool is gone
};

}  // namespace millrace
