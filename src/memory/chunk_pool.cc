#include "memory/chunk_pool.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "base/allocation_name.h"
#include "base/check.h"
#include "base/mutex.h"
#include "memory/idle_chunks.h"

namespace millrace {
namespace {

// Freed by one call of trim(): 16 MiB, about half a millisecond.
constexpr size_t kFreedAtOnce = 32;

}  // namespace

// A lock, not a lock-free list: chunks of 512 KiB come and go once per hundreds of requests, and
// the critical section is one push or pop.
class ChunkPool::Home final : public ChunkHome {
 public:
  Home(Budget& budget, size_t idle_chunks_max) : budget_(budget), policy_(idle_chunks_max) {}

  Budget& budget() { return budget_; }

  Chunk* try_acquire(size_t size) {
    if (size <= kPooledChunkBytes) {
      const MutexLock lock(mutex_);
      if (!idle_.empty()) {
        // The newest, a part of which may still lie in the processor's cache.
        Chunk* chunk = idle_.back();
        idle_.pop_back();
        // The pool held no reference while it lay idle; the acquirer gets the first.
        chunk->references.store(1, std::memory_order_relaxed);
        note_out(*chunk);
        budget_.move(MemoryTerm::kIdleChunks, MemoryTerm::kMessages, chunk->capacity);
        return chunk;
      }
      size = kPooledChunkBytes;
    }
    if (budget_.try_reserve(MemoryTerm::kMessages, size)) return allocate_reserved(size);
    // Free chunks make way for a message that needs more than one of them.
    if (!free_idle(Idle::kAll, size / kPooledChunkBytes + 1)) return nullptr;
    if (!budget_.try_reserve(MemoryTerm::kMessages, size)) return nullptr;
    return allocate_reserved(size);
  }

  Chunk* acquire_to_drain(size_t size) {
    if (Chunk* chunk = try_acquire(size)) return chunk;
    if (!budget_.try_reserve_to_drain(MemoryTerm::kMessages, size)) return nullptr;
    return allocate_reserved(size);
  }

  void take_back(Chunk* chunk) noexcept override {
    bool last = false;
    {
      const MutexLock lock(mutex_);
      MILLRACE_CHECK(out_count_ > 0);
      --out_count_;
      if (is_pooled(*chunk)) --pooled_out_count_;
      if (!closed_ && is_pooled(*chunk) && idle_.size() < policy_.idle_max()) {
        idle_.push_back(chunk);
        budget_.move(MemoryTerm::kMessages, MemoryTerm::kIdleChunks, chunk->capacity);
        return;
      }
      last = closed_ && out_count_ == 0;
    }
    release(MemoryTerm::kMessages, chunk);
    if (last) delete this;
  }

  void end_second() {
    const MutexLock lock(mutex_);
    policy_.end_second(pooled_out_count_);
  }

  enum class Idle : uint8_t { kUnneeded, kAll };
  // Frees idle chunks, but not more than `count_max` of them. True: some were freed.
  bool free_idle(Idle which, size_t count_max) {
    std::vector<Chunk*> freed;
    {
      const MutexLock lock(mutex_);
      // Those in use that come back until the next second are needed as well.
      const size_t kept = which == Idle::kAll ? 0 : policy_.to_keep(pooled_out_count_);
      const size_t beyond = idle_.size() - std::min(idle_.size(), kept);
      // The oldest lie in front.
      const auto end = idle_.begin() + static_cast<ptrdiff_t>(std::min(beyond, count_max));
      freed.assign(idle_.begin(), end);
      idle_.erase(idle_.begin(), end);
    }
    for (Chunk* chunk : freed) release(MemoryTerm::kIdleChunks, chunk);
    return !freed.empty();
  }

  void close() {
    bool last = false;
    {
      const MutexLock lock(mutex_);
      MILLRACE_CHECK(!closed_);
      for (Chunk* chunk : idle_) release(MemoryTerm::kIdleChunks, chunk);
      idle_.clear();
      closed_ = true;
      last = out_count_ == 0;
    }
    if (last) delete this;
  }

 private:
  Chunk* allocate_reserved(size_t size) {
    const AllocationName name("term messages");
    Chunk* chunk = allocate_chunk(size);
    chunk->home = this;
    const MutexLock lock(mutex_);
    note_out(*chunk);
    return chunk;
  }
  static bool is_pooled(const Chunk& chunk) { return chunk.capacity == kPooledChunkBytes; }
  void note_out(const Chunk& chunk) MILLRACE_REQUIRES(mutex_) {
    ++out_count_;
    if (is_pooled(chunk)) policy_.note_used(++pooled_out_count_);
  }
  void release(MemoryTerm term, Chunk* chunk) noexcept {
    budget_.release(term, chunk->capacity);
    free_chunk(chunk);
  }
  Budget& budget_;
  Mutex mutex_;
  IdleChunks policy_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<Chunk*> idle_ MILLRACE_GUARDED_BY(mutex_);
  size_t out_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
  size_t pooled_out_count_ MILLRACE_GUARDED_BY(mutex_) = 0;  // of out_count_, of the pooled size
  bool closed_ MILLRACE_GUARDED_BY(mutex_) = false;
};

ChunkPool::ChunkPool(Budget& budget, size_t idle_chunks_max)
    : home_(new Home(budget, idle_chunks_max)) {}
ChunkPool::~ChunkPool() {
  tail_ = {};
  home_->close();
}

ChunkRef ChunkPool::try_acquire(size_t size) {
  Chunk* chunk = home_->try_acquire(size);
  if (chunk == nullptr && give_back_ && give_back_()) chunk = home_->try_acquire(size);
  return chunk == nullptr ? ChunkRef() : ChunkRef::adopt(chunk);
}

ChunkRef ChunkPool::acquire_to_drain(size_t size) {
  Chunk* chunk = home_->acquire_to_drain(size);
  return chunk == nullptr ? ChunkRef() : ChunkRef::adopt(chunk);
}

ChunkPool::Tail ChunkPool::take_tail(size_t size) {
  Tail tail = std::exchange(tail_, {});
  if (!tail.chunk) return {};
  if (tail.chunk.unique()) tail.offset = 0;  // all that lay before it is gone
  return tail.chunk->capacity - tail.offset >= size ? std::move(tail) : Tail{};
}

void ChunkPool::keep_tail(Tail tail) {
  constexpr size_t kWorthKeeping = 32 * 1024;
  constexpr size_t kAlignment = 64;
  MILLRACE_CHECK(tail.chunk && tail.offset <= tail.chunk->capacity);
  tail.offset = (tail.offset + kAlignment - 1) / kAlignment * kAlignment;
  const auto room = [](const Tail& one) {
    return one.chunk && one.offset < one.chunk->capacity ? one.chunk->capacity - one.offset : 0;
  };
  if (tail.chunk->capacity != kPooledChunkBytes || room(tail) < kWorthKeeping) return;
  if (room(tail) > room(tail_)) tail_ = std::move(tail);
}

void ChunkPool::trim() {
  tail_ = {};
  home_->end_second();
  trim_more();
}

bool ChunkPool::trim_more() { return home_->free_idle(Home::Idle::kUnneeded, kFreedAtOnce); }

Budget& ChunkPool::budget() { return home_->budget(); }

}  // namespace millrace
