// The states of metric streams by identity: one table for all workers, because every point of a
// stream must meet the state that the one before it left, and its answer travels with the request.
// The table has shards with a lock each; a lock is held for one point, never over a suspension of
// a walk.
//
// Bounded: at most `streams_max` streams, and bytes_max in all, which are reserved in the budget
// (term keyed_state) in steps; a stream that finds no room is refused, those that are there stay.
// A stream that was not used for `max_stale` is forgotten by sweep_some().
//
// Threads: any. Destroyed when no worker uses it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "base/time.h"
#include "item_identity/identity.h"
#include "memory/budget.h"

namespace millrace::metric_streams {

struct StreamLimits {
  size_t streams_max = SIZE_MAX;
  size_t bytes_max = SIZE_MAX;
  Duration max_stale{0};  // 0: never
};

// `State` is movable, default constructed for a new stream, and has size_t bytes() const: its
// memory beside the object itself.
template <class State>
class StreamTable {
 public:
  static constexpr size_t kShards = 64;
  // Of one stream beside its state.
  static constexpr size_t kOverheadBytes = 96;

  StreamTable(Budget& budget, StreamLimits limits) : budget_(budget), limits_(limits) {}

  // Calls use(State&, bool is_new), which may let the state grow by `growth_max` bytes, under the
  // shard's lock. False: there is no room, and `use` was not called.
  template <class Use>
  bool use(const item_identity::Identity& stream, MonotonicTime now, size_t growth_max,
           const Use& use) {
    Shard& shard = shards_[stream.high % kShards];
    MutexLock lock(shard.mutex);
    auto found = shard.streams.find(stream);
    const bool is_new = found == shard.streams.end();
    if (is_new && !try_count_stream()) return false;
    const size_t need = growth_max + (is_new ? kStreamBytes : 0);
    if (!make_room(shard, need)) {
      if (is_new) stream_count_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    if (is_new) {
      found = shard.streams.try_emplace(stream).first;
      shard.used += kStreamBytes;
    }
    Entry& entry = found->second;
    const size_t before = entry.state.bytes();
    use(entry.state, is_new);
    entry.last_used = now;
    shard.used += entry.state.bytes() - before;
    return true;
  }

  // Forgets what was not used for long, in the next shard.
  void sweep_some(MonotonicTime now) {
    if (limits_.max_stale == Duration{0}) return;
    Shard& shard = shards_[next_swept_.fetch_add(1, std::memory_order_relaxed) % kShards];
    MutexLock lock(shard.mutex);
    size_t freed = 0;
    const size_t count = std::erase_if(shard.streams, [&](const auto& pair) {
      if (now - pair.second.last_used <= limits_.max_stale) return false;
      freed += kStreamBytes + pair.second.state.bytes();
      return true;
    });
    shard.used -= freed;
    stream_count_.fetch_sub(count, std::memory_order_relaxed);
    give_back(shard);
  }

  // Calls visit(State&) for each stream of one shard, under its lock. States must not grow.
  template <class Visit>
  void visit_shard(size_t index, const Visit& visit) {
    Shard& shard = shards_[index];
    MutexLock lock(shard.mutex);
    for (auto& [identity, entry] : shard.streams) visit(entry.state);
  }

  size_t size() const { return stream_count_.load(std::memory_order_relaxed); }
  size_t reserved_bytes() const { return reserved_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    State state;
    MonotonicTime last_used;
  };
  static constexpr size_t kStreamBytes = kOverheadBytes + sizeof(Entry);
  // Reserved at once, so that a new stream seldom costs an atomic operation on the budget.
  static constexpr size_t kStepBytes = 16 << 10;

  struct Shard {
    Mutex mutex;
    std::unordered_map<item_identity::Identity, Entry, item_identity::IdentityHash> streams
        MILLRACE_GUARDED_BY(mutex);
    size_t used MILLRACE_GUARDED_BY(mutex) = 0;
    Reservation memory MILLRACE_GUARDED_BY(mutex);
  };

  bool try_count_stream() {
    if (stream_count_.fetch_add(1, std::memory_order_relaxed) < limits_.streams_max) return true;
    stream_count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }

  bool make_room(Shard& shard, size_t need) MILLRACE_REQUIRES(shard.mutex) {
    const size_t wanted = shard.used + need;
    const size_t reserved = shard.memory.bytes();
    if (wanted <= reserved) return true;
    // Doubled, so that moving to a larger reservation is rare.
    const size_t target = std::max(wanted + kStepBytes, std::min(2 * reserved, wanted + (1 << 20)));
    if (reserved_.fetch_add(target - reserved, std::memory_order_relaxed) + target - reserved >
        limits_.bytes_max) {
      reserved_.fetch_sub(target - reserved, std::memory_order_relaxed);
      return false;
    }
    Reservation larger = Reservation::try_make(budget_, MemoryTerm::kKeyedState, target);
    if (!larger) {
      reserved_.fetch_sub(target - reserved, std::memory_order_relaxed);
      return false;
    }
    shard.memory = std::move(larger);
    return true;
  }

  void give_back(Shard& shard) MILLRACE_REQUIRES(shard.mutex) {
    const size_t kept = shard.used + kStepBytes;
    if (shard.memory.bytes() <= 2 * kept) return;
    reserved_.fetch_sub(shard.memory.bytes() - kept, std::memory_order_relaxed);
    shard.memory.shrink(kept);
  }

  Budget& budget_;
  const StreamLimits limits_;
  std::array<Shard, kShards> shards_;
  // Sums over the shards, changed under any shard's lock, read by all; they order nothing.
  std::atomic<size_t> stream_count_{0};
  std::atomic<size_t> reserved_{0};
  std::atomic<size_t> next_swept_{0};
};

}  // namespace millrace::metric_streams
