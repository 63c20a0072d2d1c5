// A bounded queue for many producers and many consumers without a lock (Dmitry Vyukov's ring of
// sequence numbers): each slot says whose turn it is, so that a push or a pop is one compare and
// swap on its own end and touches the other end's cache line only when the ring is full or empty.
//
// A slot also carries a Label, two words that a walker may read while others push and pop: that is
// how the ledger counts what is held without taking anything out and without a data race.
//
// The memory comes zeroed from the system and zero is a slot's first state, so a large ring costs
// resident memory only for the slots that were ever used.
//
// Threads: any number for every member; construction and destruction alone. Never blocks. A push
// between its claim and its publication hides the elements behind it for that moment: try_pop then
// says "empty", and the pusher, once published, is the one who must see to it that somebody looks
// again. Cost of a push and a pop uncontended: 6 to 9 ns plus moving T twice; about 23 ns of CPU
// with an element of 104 bytes, 43 ns with two threads at both ends (mpmc_ring_bench).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::queue {

// What a walker sees of an element; meaning is the pusher's.
struct Label {
  uint64_t first = 0;
  uint64_t second = 0;
};

template <class T>
class MpmcRing {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  static_assert(alignof(T) <= 16);

 public:
  // Holds at least `capacity_min` elements (the next power of two, 2 at least).
  explicit MpmcRing(size_t capacity_min)
      : mask_(std::bit_ceil(capacity_min < 2 ? size_t{2} : capacity_min) - 1),
        slots_(make_slots(mask_ + 1)) {
    MILLRACE_CHECK(slots_ != nullptr);
  }
  MpmcRing(const MpmcRing&) = delete;
  MpmcRing& operator=(const MpmcRing&) = delete;
  ~MpmcRing() {
    while (pop_and([](T&&) {})) {
    }
    std::free(slots_);
  }

  size_t capacity() const { return mask_ + 1; }
  // What each of them takes, once it was ever used.
  static constexpr size_t slot_bytes() { return sizeof(Slot); }

  // False, and `value` untouched, when the ring is full.
  bool try_push(T&& value, Label label = {}) {
    uint64_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slot_at(position);
      const auto behind = static_cast<int64_t>(load_sequence(slot, position) - position);
      if (behind == 0) {
        if (!tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          continue;
        }
        ::new (static_cast<void*>(slot.storage)) T(std::move(value));
        std::atomic_ref(slot.first).store(label.first, std::memory_order_relaxed);
        std::atomic_ref(slot.second).store(label.second, std::memory_order_relaxed);
        store_sequence(slot, position, position + 1);
        return true;
      }
      if (behind < 0) return false;
      position = tail_.load(std::memory_order_relaxed);
    }
  }

  // False, and `into` untouched, when the ring is empty.
  bool try_pop(T& into) {
    return pop_and([&](T&& value) { into = std::move(value); });
  }

  // Pushed and not yet popped, claims included; already old when it returns.
  size_t size() const {
    const uint64_t head = head_.load(std::memory_order_acquire);
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    return tail > head ? static_cast<size_t>(tail - head) : 0;
  }
  bool empty() const { return size() == 0; }

  // A walk that may be made in pieces, so that a long queue does not hold up the loop.
  struct Walk {
    uint64_t next = 0;
    uint64_t end = 0;
    bool is_done() const { return next >= end; }
  };
  Walk begin_walk() const {
    const uint64_t end = tail_.load(std::memory_order_acquire);
    return {head_.load(std::memory_order_acquire), end};
  }
  // Calls `see(Label)` for the elements in the next `slots_max` slots. What was in the ring when
  // the walk began and is still there when it is done was seen, once; what is pushed or popped in
  // between may or may not be seen, at most once, never half. Exact when nothing moves.
  template <class See>
  void walk_on(Walk& walk, size_t slots_max, See see) const {
    walk.next = std::max(walk.next, head_.load(std::memory_order_acquire));
    const uint64_t end = std::min(walk.end, walk.next + slots_max);
    for (; walk.next < end; ++walk.next) {
      Slot& slot = slot_at(walk.next);
      if (load_sequence(slot, walk.next) != walk.next + 1) continue;
      const Label label{std::atomic_ref(slot.first).load(std::memory_order_acquire),
                        std::atomic_ref(slot.second).load(std::memory_order_acquire)};
      if (load_sequence(slot, walk.next) == walk.next + 1) see(label);
    }
  }
  template <class See>
  void walk(See see) const {
    Walk whole = begin_walk();
    walk_on(whole, capacity(), see);
  }

 private:
  // Plain words used through atomic_ref, so that zeroed memory is a valid array of slots. The
  // sequence is stored less the slot's index: all slots start at zero.
  struct Slot {
    uint64_t sequence;  // release after filling or emptying the slot, acquire by the next user
    uint64_t first;     // relaxed: guarded by the sequence, checked again after reading
    uint64_t second;
    alignas(alignof(T) < 8 ? 8 : alignof(T)) unsigned char storage[sizeof(T)];
  };
  static constexpr size_t kCacheLine = 64;

  static Slot* make_slots(size_t count) {
    const AllocationName name("term queues");
    return static_cast<Slot*>(std::calloc(count, sizeof(Slot)));
  }

  Slot& slot_at(uint64_t position) const { return slots_[position & mask_]; }
  uint64_t load_sequence(Slot& slot, uint64_t position) const {
    return std::atomic_ref(slot.sequence).load(std::memory_order_acquire) + (position & mask_);
  }
  void store_sequence(Slot& slot, uint64_t position, uint64_t sequence) {
    std::atomic_ref(slot.sequence).store(sequence - (position & mask_), std::memory_order_release);
  }

  template <class Take>
  bool pop_and(Take take) {
    uint64_t position = head_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slot_at(position);
      const auto behind = static_cast<int64_t>(load_sequence(slot, position) - (position + 1));
      if (behind == 0) {
        if (!head_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          continue;
        }
        T* value = std::launder(reinterpret_cast<T*>(slot.storage));
        take(std::move(*value));
        value->~T();
        store_sequence(slot, position, position + mask_ + 1);
        return true;
      }
      if (behind < 0) return false;
      position = head_.load(std::memory_order_relaxed);
    }
  }

  const size_t mask_;
  Slot* const slots_;
  // Next position to fill; claimed by producers (relaxed: the slot's sequence orders the data).
  alignas(kCacheLine) std::atomic<uint64_t> tail_{0};
  // Next position to empty; claimed by consumers (relaxed likewise).
  alignas(kCacheLine) std::atomic<uint64_t> head_{0};
};

}  // namespace millrace::queue
