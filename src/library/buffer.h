// The buffer between the collecting threads and the loop: each thread's open chunk, the ring that
// passes full chunks to the loop, and the capacity in items and bytes.
//
// A thread takes its chunk out of its slot (one exchange), appends the item, and puts it back (one
// store). Every few milliseconds the loop takes the chunks out of the slots, so that an idle
// thread's items do not wait. The loop never waits for a thread, nor a thread for the loop. A slot
// holds nothing, a chunk, or kBusy: its thread is writing at this moment.
//
// While items arrive the loop checks every few milliseconds ("ticks"), and threads do not wake it.
// When no item has arrived for a while it stops ticking; a thread that opens a chunk then wakes
// it. Opening publishes the chunk and then reads is_ticking_; the loop clears is_ticking_ and then
// reads the slots: both sequentially consistent, so one of the two sees the other's store.
//
// Credits count the remaining capacity. An open chunk holds a lease of up to kLease credits, which
// is returned with the chunk, so idle threads hold none.
//
// Threads: collect() and submit_request() from any; functions for the loop say so. The buffer is
// shared by the collector and the threads that have collected; the last of them destroys
// it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "base/signal.h"
#include "library/chunk_store.h"
#include "millrace/config.h"
#include "millrace/result.h"
#include "millrace/statistics.h"
#include "queue/mpmc_ring.h"

namespace millrace::library {

inline constexpr size_t kBufferedSignals = 3;  // traces, metrics, logs: the first three of kSignals

// The header of a chunk's bytes while it is filled; belongs to the holder of the chunk.
struct OpenChunk {
  Chunk* chunk;
  uint32_t begin;  // of the items; the room for the prefix is before them
  uint32_t end;    // of the items; both are offsets from the chunk's data
  uint32_t items;
  uint32_t lease;   // credits that are reserved and not used
  uint8_t signal;   // index
  bool is_request;  // true: whole requests; false: bare items
  uint8_t* data() { return chunk->data(); }
  size_t size() const { return end - begin; }
};

struct BufferOptions {
  uint64_t items_max = 100'000;
  size_t bytes_max = size_t{96} << 20;
  size_t item_bytes_max = size_t{1} << 20;
  size_t prefix_bytes_max = 0;
  v1::OnFull on_full = v1::OnFull::kReject;
  size_t ring_chunks_max = 32768;
};

// One encoded item with its counts.
struct Item {
  std::span<const uint8_t> bytes;  // the message of one span, record or metric
  uint32_t repaired_texts = 0;
  uint32_t corrected_times = 0;
  uint32_t truncated_values = 0;
  uint32_t skipped_attributes = 0;
  bool failed = false;  // too large to be encoded
};

class Buffer {
 public:
  // Belongs to one thread, or to none. Counters are written by the owner alone; readers sum them.
  struct alignas(64) Slot {
    std::array<std::atomic<OpenChunk*>, kBufferedSignals> open{};
    // The chunk size for this thread's rate: the owner raises it when it fills a chunk, the loop
    // lowers it. Only a hint: relaxed.
    std::array<std::atomic<uint8_t>, kBufferedSignals> size_class{};
    std::atomic<bool> is_owned{true};  // acquire to take ownership, release to give it up
    Slot* next = nullptr;              // set before the slot is published

    struct Counts {
      std::atomic<uint64_t> collected{0};
      std::atomic<uint64_t> refused_buffer_full{0};
      std::atomic<uint64_t> refused_shut_down{0};
      std::atomic<uint64_t> refused_too_large{0};
      std::atomic<uint64_t> dropped_newest{0};
      std::atomic<uint64_t> dropped_oldest{0};
    };
    std::array<Counts, kBufferedSignals> counts;
    std::atomic<uint64_t> repaired_texts{0};
    std::atomic<uint64_t> corrected_times{0};
    std::atomic<uint64_t> truncated_values{0};
    std::atomic<uint64_t> skipped_attributes{0};
  };

  // `wake` makes the loop call take_all() soon; any thread calls it until end_waking().
  Buffer(const BufferOptions& options, std::function<void()> wake);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const BufferOptions& options() const { return options_; }

  // Returns a slot for the calling thread, which must call leave() when it ends. Null: no memory.
  Slot* join();
  void leave(Slot& slot) { slot.is_owned.store(false, std::memory_order_release); }

  v1::Status collect(Slot& slot, Signal signal, const Item& item);
  // Submits a whole admitted request with that many items.
  v1::Status submit_request(Slot& slot, Signal signal, std::span<const uint8_t> request,
                            uint32_t items);

  // From now on all items and requests are refused with kShutDown.
  void close() { is_closed_.store(true, std::memory_order_seq_cst); }
  bool is_closed() const { return is_closed_.load(std::memory_order_seq_cst); }
  // `wake` is not called any more after this returns.
  void end_waking();

  // For the loop, or for a thread after the loop has ended: one at a time.

  // A slot that was busy when it was read.
  struct Busy {
    Slot* slot;
    size_t signal;
  };
  // Takes all chunks, about in order of age. A chunk that its thread is writing stays, and `busy`
  // (may be null) receives its slot.
  void take_all(std::vector<OpenChunk*>& into, std::vector<Busy>* busy);
  // Reads the slots `places` again; removes those that are no longer busy.
  void take_again(std::vector<OpenChunk*>& into, std::vector<Busy>& places);
  // Call when no item arrived for a while: stops ticking. False: a chunk has arrived; continue.
  bool try_stop_ticking();

  // Any thread.
  void return_items(uint64_t count) { credits_.fetch_add(static_cast<int64_t>(count)); }
  ChunkStore& store() { return store_; }
  // Releases a chunk and its lease. Its items must have been counted.
  void release(OpenChunk* open);

  // Adds the sums over all slots to `into`.
  void count(v1::Statistics& into) const;

 private:
  // An address that no chunk has.
  static OpenChunk* busy_mark() { return reinterpret_cast<OpenChunk*>(uintptr_t{1}); }

  OpenChunk* exchange_chunk(Slot& slot, size_t signal, OpenChunk* full, size_t need);
  OpenChunk* open_chunk(Slot& slot, size_t signal, size_t need);
  bool take_lease(OpenChunk& open);
  bool make_room(Slot& slot, OpenChunk* open);
  v1::Status no_room(Slot& slot, size_t signal);
  void put_back(Slot& slot, size_t signal, OpenChunk* open, bool is_new);
  bool push(OpenChunk* open);
  void wake_if_asleep();

  const BufferOptions options_;
  const uint32_t lease_;  // the number of credits in a full lease
  ChunkStore store_;
  queue::MpmcRing<OpenChunk*> ring_;
  // The remaining capacity in items. Only a sum: relaxed would suffice and costs the same.
  alignas(64) std::atomic<int64_t> credits_;
  // Set by threads that wake the loop, cleared by the loop; sequentially consistent, see above.
  alignas(64) std::atomic<bool> is_ticking_{false};
  // Set once; sequentially consistent with kBusy: a thread marks its slot and then reads this;
  // close() sets it, and the slots are read afterwards.
  std::atomic<bool> is_closed_{false};
  // Only grows; joining threads add slots.
  std::atomic<Slot*> slots_{nullptr};
  Mutex wake_mutex_;  // off the data path: locked once per wake-up
  std::function<void()> wake_ MILLRACE_GUARDED_BY(wake_mutex_);
};

}  // namespace millrace::library
