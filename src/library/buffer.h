// What stands between the threads that collect and the loop that sends: each thread's open chunk,
// the ring through which full chunks pass whole, and the capacity in items and bytes.
//
// A thread takes its chunk out of its slot (one exchange), appends the item, and puts it back (one
// store). The loop takes chunks that lie in slots every few milliseconds, so that an idle thread's
// items do not wait; it never waits for a thread, and a thread never for it. A slot holds nothing,
// a chunk, or kBusy: its thread is writing at this moment.
//
// While items arrive the loop looks by itself every few milliseconds ("ticks"), and no thread wakes
// it. When no item has come for a while it stops ticking; a thread that opens a chunk then wakes
// it. Opening publishes the chunk and then reads is_ticking_; the loop clears is_ticking_ and then
// reads the slots: both sequentially consistent, so one of the two sees the other.
//
// Capacity is counted down in credits. An open chunk holds a lease of up to kLease of them, which
// goes back with the chunk, so idle threads hold none.
//
// Threads: collect() and submit_request() from any; what is the loop's says so. The buffer is
// shared by the collector and the threads that have collected, and outlives the one that goes
// first.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/signal.h"
#include "library/chunk_store.h"
#include "millrace/config.h"
#include "millrace/result.h"
#include "millrace/statistics.h"
#include "queue/mpmc_ring.h"

namespace millrace::library {

inline constexpr size_t kBufferedSignals = 3;  // traces, metrics, logs: the first of kSignals

// At the front of a chunk's bytes while it is filled; owned by the holder of the chunk.
struct OpenChunk {
  Chunk* chunk;
  uint32_t begin;  // of the items: room for the prefix lies before
  uint32_t end;    // of the items; all offsets from the chunk's data
  uint32_t items;
  uint32_t lease;   // credits that are taken and not used
  uint8_t signal;   // index
  bool is_request;  // whole requests rather than bare items
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

// One item on its way in, with what is to be counted with it.
struct Item {
  std::span<const uint8_t> bytes;  // the message of one span, record or metric
  uint32_t repaired_texts = 0;
  uint32_t corrected_times = 0;
  uint32_t truncated_values = 0;
  uint32_t skipped_attributes = 0;
  bool failed = false;  // could not be written: too large
};

class Buffer {
 public:
  // Of one thread, or of none at the moment. Counters have one writer, the owner; readers sum.
  struct alignas(64) Slot {
    std::array<std::atomic<OpenChunk*>, kBufferedSignals> open{};
    // The size that suits this thread's pace: the owner raises it when it fills a chunk, the loop
    // lowers it. Only a hint: relaxed.
    std::array<std::atomic<uint8_t>, kBufferedSignals> size_class{};
    std::atomic<bool> is_owned{true};  // acquire to take over, release to leave
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

  // `wake` makes the loop call take_all() soon; called from any thread until end_waking().
  Buffer(const BufferOptions& options, std::function<void()> wake);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  const BufferOptions& options() const { return options_; }

  // A slot for the calling thread; leave() when it ends. Null: no memory.
  Slot* join();
  void leave(Slot& slot) { slot.is_owned.store(false, std::memory_order_release); }

  v1::Status collect(Slot& slot, Signal signal, const Item& item);
  // A whole request, admitted, with that many items.
  v1::Status submit_request(Slot& slot, Signal signal, std::span<const uint8_t> request,
                            uint32_t items);

  // From now on everything is refused with kShutDown.
  void close() { is_closed_.store(true, std::memory_order_seq_cst); }
  bool is_closed() const { return is_closed_.load(std::memory_order_seq_cst); }
  // `wake` is not called any more once this returns.
  void end_waking();

  // For the loop, or for a thread that comes after the loop has ended: one at a time.

  // A place that was busy when it was looked at.
  struct Busy {
    Slot* slot;
    size_t signal;
  };
  // Takes every chunk there is, oldest first as far as anyone can say; what is being written at
  // this moment stays, and is named in `busy` if that is not null.
  void take_all(std::vector<OpenChunk*>& into, std::vector<Busy>* busy);
  // Looks at places again; removes from `places` those that are not busy any more.
  void take_again(std::vector<OpenChunk*>& into, std::vector<Busy>& places);
  // Nothing came for a while: stops ticking. False: something is there after all, go on.
  bool try_stop_ticking();

  // Any thread.
  void return_items(uint64_t count) { credits_.fetch_add(static_cast<int64_t>(count)); }
  ChunkStore& store() { return store_; }
  // Gives a chunk back with its lease; its items must have been counted elsewhere.
  void release(OpenChunk* open);

  // Sums over all slots.
  void count(v1::Statistics& into) const;

 private:
  // An address that is no chunk's.
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
  const uint32_t lease_;  // credits taken at a time
  ChunkStore store_;
  queue::MpmcRing<OpenChunk*> ring_;
  // Items that may still come in. Sums only: relaxed would do, and is as cheap.
  alignas(64) std::atomic<int64_t> credits_;
  // Set by waking threads and cleared by the loop; sequentially consistent, see above.
  alignas(64) std::atomic<bool> is_ticking_{false};
  // Set once; sequentially consistent against kBusy: a thread marks its slot and then looks here,
  // closing sets it and then looks at the slots.
  std::atomic<bool> is_closed_{false};
  // Grows only; pushed by joining threads.
  std::atomic<Slot*> slots_{nullptr};
  std::mutex wake_mutex_;  // off the data path: once per awakening
  std::function<void()> wake_;
};

}  // namespace millrace::library
