#include "library/buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "millrace/detail/encoder.h"

namespace millrace::library {
namespace {

using v1::ErrorCode;
using v1::OnFull;
using v1::Status;

constexpr uint32_t kLeaseMax = 64;
// Up to this value the capacity is exact.
constexpr uint64_t kExactItemsMax = 1024;
// The number of times that a thread drops old items before it gives up.
constexpr int kDropOldestTries = 4;
constexpr uint8_t kItemTag = 0x12;  // ScopeX.items = 2, length-delimited

constexpr uint32_t header_bytes() { return (sizeof(OpenChunk) + 15) / 16 * 16; }

// There is one writer, so no read-modify-write is needed.
void add(std::atomic<uint64_t>& counter, uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

Buffer::Buffer(const BufferOptions& options, std::function<void()> wake)
    : options_(options),
      lease_(options.items_max <= kExactItemsMax ? 1 : kLeaseMax),
      store_(options.bytes_max),
      ring_(options.ring_chunks_max),
      credits_(static_cast<int64_t>(options.items_max)),
      wake_(std::move(wake)) {}

Buffer::~Buffer() {
  std::vector<OpenChunk*> left;
  take_all(left, nullptr);
  for (OpenChunk* open : left) release(open);
  for (Slot* slot = slots_.load(); slot != nullptr;) delete std::exchange(slot, slot->next);
}

Buffer::Slot* Buffer::join() {
  for (Slot* slot = slots_.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
    bool is_owned = false;
    if (!slot->is_owned.load(std::memory_order_relaxed) &&
        slot->is_owned.compare_exchange_strong(is_owned, true, std::memory_order_acq_rel)) {
      return slot;
    }
  }
  auto* slot = new (std::nothrow) Slot;
  if (slot == nullptr) return nullptr;
  slot->next = slots_.load(std::memory_order_relaxed);
  while (!slots_.compare_exchange_weak(slot->next, slot, std::memory_order_seq_cst)) {
  }
  return slot;
}

Status Buffer::collect(Slot& slot, Signal signal_name, const Item& item) {
  const size_t signal = index_of(signal_name);
  Slot::Counts& counts = slot.counts[signal];
  const size_t size = item.bytes.size();
  if (item.failed || size > options_.item_bytes_max) [[unlikely]] {
    add(counts.refused_too_large, 1);
    return ErrorCode::kTooLarge;
  }
  OpenChunk* open = slot.open[signal].exchange(busy_mark(), std::memory_order_seq_cst);
  if (open == busy_mark()) [[unlikely]] {
    return ErrorCode::kBufferFull;  // called by a signal handler during collect(): not counted
  }
  bool is_new = open == nullptr;
  if (is_closed_.load(std::memory_order_seq_cst)) [[unlikely]] {
    put_back(slot, signal, open, false);
    add(counts.refused_shut_down, 1);
    return ErrorCode::kShutDown;
  }
  const size_t need = 1 + v1::detail::varint_size(size) + size;
  if (open == nullptr || open->chunk->capacity - open->end < need || open->is_request)
      [[unlikely]] {
    open = exchange_chunk(slot, signal, open, need);
    if (open == nullptr) return no_room(slot, signal);
    is_new = true;
  }
  if (open->lease == 0 && !take_lease(*open)) [[unlikely]] {
    int tries = 0;
    while (!take_lease(*open)) {
      if (tries++ < kDropOldestTries && make_room(slot, open)) continue;
      put_back(slot, signal, open, is_new);
      return no_room(slot, signal);
    }
  }
  uint8_t* at = open->data() + open->end;
  *at++ = kItemTag;
  at = v1::detail::put_varint(at, size);
  std::memcpy(at, item.bytes.data(), size);
  open->end += static_cast<uint32_t>(need);
  ++open->items;
  --open->lease;
  add(counts.collected, 1);
  if ((item.repaired_texts | item.corrected_times | item.truncated_values |
       item.skipped_attributes) != 0) [[unlikely]] {
    add(slot.repaired_texts, item.repaired_texts);
    add(slot.corrected_times, item.corrected_times);
    add(slot.truncated_values, item.truncated_values);
    add(slot.skipped_attributes, item.skipped_attributes);
  }
  put_back(slot, signal, open, is_new);
  return ErrorCode::kOk;
}

Status Buffer::submit_request(Slot& slot, Signal signal_name, std::span<const uint8_t> request,
                              uint32_t items) {
  const size_t signal = index_of(signal_name);
  Slot::Counts& counts = slot.counts[signal];
  if (request.size() > options_.item_bytes_max || items > options_.items_max) {
    add(counts.refused_too_large, items);
    return ErrorCode::kTooLarge;
  }
  // The slot is marked as in collect(), so that close() sees either this mark or its removal.
  OpenChunk* const kept = slot.open[signal].exchange(busy_mark(), std::memory_order_seq_cst);
  const auto answer = [&](Status status, std::atomic<uint64_t>& counter) {
    slot.open[signal].store(kept, std::memory_order_release);
    add(counter, items);
    return status;
  };
  if (is_closed_.load(std::memory_order_seq_cst)) {
    return answer(ErrorCode::kShutDown, counts.refused_shut_down);
  }
  const auto full = [&] {
    if (options_.on_full == OnFull::kReject) {
      return answer(ErrorCode::kBufferFull, counts.refused_buffer_full);
    }
    add(counts.dropped_newest, items);
    return answer(ErrorCode::kOk, counts.collected);
  };
  int tries = 0;
  int64_t credits = credits_.load();
  do {
    while (credits < items) {
      if (tries++ >= kDropOldestTries || !make_room(slot, nullptr)) return full();
      credits = credits_.load();
    }
  } while (!credits_.compare_exchange_weak(credits, credits - items));
  Chunk* chunk = nullptr;
  while ((chunk = store_.try_acquire(header_bytes() + request.size())) == nullptr) {
    if (make_room(slot, nullptr)) continue;
    return_items(items);
    return full();
  }
  auto* open = new (chunk->data()) OpenChunk{.chunk = chunk,
                                             .begin = header_bytes(),
                                             .end = header_bytes(),
                                             .items = items,
                                             .lease = 0,
                                             .signal = static_cast<uint8_t>(signal),
                                             .is_request = true};
  if (!request.empty()) std::memcpy(open->data() + open->end, request.data(), request.size());
  open->end += static_cast<uint32_t>(request.size());
  if (!push(open)) {
    return_items(items);
    release(open);
    return full();
  }
  const Status status = answer(ErrorCode::kOk, counts.collected);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  wake_if_asleep();
  return status;
}

// Passes `full` (may be null) to the ring and opens a new chunk, which receives its lease. Null:
// there is no room, and the slot is restored.
OpenChunk* Buffer::exchange_chunk(Slot& slot, size_t signal, OpenChunk* full, size_t need) {
  uint32_t lease = 0;
  if (full != nullptr) {
    lease = std::exchange(full->lease, 0);
    while (!push(full)) {
      if (make_room(slot, nullptr)) continue;
      full->lease = lease;
      put_back(slot, signal, full, false);
      return nullptr;
    }
    const uint8_t size_class = slot.size_class[signal].load(std::memory_order_relaxed);
    if (size_class < kChunkSizes.size() - 1) {
      slot.size_class[signal].store(size_class + 1, std::memory_order_relaxed);
    }
  }
  OpenChunk* open = nullptr;
  while ((open = open_chunk(slot, signal, need)) == nullptr) {
    if (make_room(slot, nullptr)) continue;
    if (lease != 0) return_items(lease);
    put_back(slot, signal, nullptr, false);
    return nullptr;
  }
  open->lease = lease;
  return open;
}

OpenChunk* Buffer::open_chunk(Slot& slot, size_t signal, size_t need) {
  const auto begin = static_cast<uint32_t>(header_bytes() + options_.prefix_bytes_max);
  const size_t usual = kChunkSizes[slot.size_class[signal].load(std::memory_order_relaxed)];
  Chunk* chunk = store_.try_acquire(std::max(usual, begin + need));
  // When memory is short a small chunk may still be available.
  if (chunk == nullptr) chunk = store_.try_acquire(begin + need);
  if (chunk == nullptr) return nullptr;
  return new (chunk->data()) OpenChunk{.chunk = chunk,
                                       .begin = begin,
                                       .end = begin,
                                       .items = 0,
                                       .lease = 0,
                                       .signal = static_cast<uint8_t>(signal),
                                       .is_request = false};
}

bool Buffer::take_lease(OpenChunk& open) {
  int64_t credits = credits_.load(std::memory_order_relaxed);
  while (credits > 0) {
    const int64_t taken = std::min<int64_t>(lease_, credits);
    if (credits_.compare_exchange_weak(credits, credits - taken)) {
      open.lease = static_cast<uint32_t>(taken);
      return true;
    }
  }
  return false;
}

// With kDropOldest: drops a chunk of the ring, or the thread's own items. False: there is nothing
// to drop, or another policy is configured.
bool Buffer::make_room(Slot& slot, OpenChunk* open) {
  if (options_.on_full != OnFull::kDropOldest) return false;
  OpenChunk* oldest = nullptr;
  if (ring_.try_pop(oldest)) {
    add(slot.counts[oldest->signal].dropped_oldest, oldest->items);
    return_items(oldest->items);
    release(oldest);
    return true;
  }
  if (open == nullptr || open->items == 0) return false;
  add(slot.counts[open->signal].dropped_oldest, open->items);
  open->lease += std::exchange(open->items, 0);
  open->end = open->begin;
  return_items(std::exchange(open->lease, 0));
  return true;
}

Status Buffer::no_room(Slot& slot, size_t signal) {
  Slot::Counts& counts = slot.counts[signal];
  if (options_.on_full == OnFull::kReject) {
    add(counts.refused_buffer_full, 1);
    return ErrorCode::kBufferFull;
  }
  add(counts.collected, 1);
  add(counts.dropped_newest, 1);
  return ErrorCode::kOk;
}

void Buffer::put_back(Slot& slot, size_t signal, OpenChunk* open, bool is_new) {
  slot.open[signal].store(open, std::memory_order_release);
  if (!is_new) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  wake_if_asleep();
}

bool Buffer::push(OpenChunk* open) { return ring_.try_push(std::move(open)); }

void Buffer::wake_if_asleep() {
  if (is_ticking_.load(std::memory_order_seq_cst)) return;
  if (is_ticking_.exchange(true, std::memory_order_seq_cst)) return;
  const MutexLock lock(wake_mutex_);
  if (wake_) wake_();
}

void Buffer::end_waking() {
  const MutexLock lock(wake_mutex_);
  wake_ = nullptr;
}

void Buffer::take_all(std::vector<OpenChunk*>& into, std::vector<Busy>* busy) {
  OpenChunk* open = nullptr;
  while (ring_.try_pop(open)) into.push_back(open);
  for (Slot* slot = slots_.load(std::memory_order_seq_cst); slot != nullptr; slot = slot->next) {
    for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
      open = slot->open[signal].load(std::memory_order_seq_cst);
      if (open == nullptr) continue;
      if (open == busy_mark() || !slot->open[signal].compare_exchange_strong(open, nullptr)) {
        if (busy != nullptr) busy->push_back({slot, signal});
        continue;
      }
      const size_t filled = open->end;
      const uint8_t size_class = slot->size_class[signal].load(std::memory_order_relaxed);
      if (size_class != 0 && filled < kChunkSizes[size_class] / 8) {
        slot->size_class[signal].store(size_class - 1, std::memory_order_relaxed);
      }
      into.push_back(open);
    }
  }
}

void Buffer::take_again(std::vector<OpenChunk*>& into, std::vector<Busy>& places) {
  std::erase_if(places, [&](const Busy& place) {
    std::atomic<OpenChunk*>& slot = place.slot->open[place.signal];
    OpenChunk* open = slot.load(std::memory_order_seq_cst);
    if (open == nullptr) return true;
    if (open == busy_mark() || !slot.compare_exchange_strong(open, nullptr)) return false;
    into.push_back(open);
    return true;
  });
  // A chunk that the thread could not pass to the ring meanwhile.
  OpenChunk* open = nullptr;
  while (ring_.try_pop(open)) into.push_back(open);
}

bool Buffer::try_stop_ticking() {
  is_ticking_.store(false, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  bool is_empty = ring_.empty();
  for (Slot* slot = slots_.load(std::memory_order_seq_cst); slot != nullptr && is_empty;
       slot = slot->next) {
    for (const auto& open : slot->open) {
      is_empty = is_empty && open.load(std::memory_order_seq_cst) == nullptr;
    }
  }
  if (is_empty) return true;
  // Another thread may have found the chunk first and woken the loop: continue in the same way.
  is_ticking_.store(true, std::memory_order_seq_cst);
  return false;
}

void Buffer::release(OpenChunk* open) {
  if (open->lease != 0) return_items(open->lease);
  ChunkRef::adopt(open->chunk);  // the temporary releases it
}

void Buffer::count(v1::Statistics& into) const {
  using v1::DropReason;
  const auto read = [](const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  for (const Slot* slot = slots_.load(std::memory_order_acquire); slot != nullptr;
       slot = slot->next) {
    for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
      const Slot::Counts& counts = slot->counts[signal];
      v1::SignalStatistics& sums = into.signals[signal];
      sums.collected += read(counts.collected);
      sums.refused_buffer_full += read(counts.refused_buffer_full);
      sums.refused_shut_down += read(counts.refused_shut_down);
      sums.refused_too_large += read(counts.refused_too_large);
      const auto dropped = [&](DropReason reason) -> uint64_t& {
        return sums.dropped_in_buffer[static_cast<size_t>(reason)];
      };
      dropped(DropReason::kBufferFull) += read(counts.dropped_newest);
      dropped(DropReason::kDropOldest) += read(counts.dropped_oldest);
    }
    into.repaired_texts += read(slot->repaired_texts);
    into.corrected_times += read(slot->corrected_times);
    into.truncated_values += read(slot->truncated_values);
    into.skipped_attributes += read(slot->skipped_attributes);
    if (slot->is_owned.load(std::memory_order_relaxed)) ++into.thread_count;
  }
  into.buffer_bytes = store_.bytes_held();
}

}  // namespace millrace::library
