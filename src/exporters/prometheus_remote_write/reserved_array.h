// An array that grows, and whose memory is reserved in the budget before it is allocated. For
// values that need no destructor. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "memory/budget.h"

namespace millrace::exporters {

template <class T>
class ReservedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  explicit ReservedArray(Budget& budget) : budget_(&budget) {}

  // False: the budget has no room, and nothing has changed. Amortized constant; growing holds the
  // old memory and the new.
  [[nodiscard]] bool make_room(size_t count) {
    if (capacity_ - size_ >= count) return true;
    constexpr size_t kCountMin = 64;
    const size_t capacity = std::max({kCountMin, 2 * capacity_, size_ + count});
    Reservation memory =
        Reservation::try_make_to_drain(*budget_, MemoryTerm::kEncoded, capacity * sizeof(T));
    if (!memory) return false;
    auto larger = std::make_unique_for_overwrite<T[]>(capacity);
    std::copy_n(data_.get(), size_, larger.get());
    data_ = std::move(larger);
    memory_ = std::move(memory);
    capacity_ = capacity;
    return true;
  }
  // Precondition: make_room().
  void push_back(const T& value) { data_[size_++] = value; }
  void append(std::span<const T> values) {
    std::copy_n(values.data(), values.size(), data_.get() + size_);
    size_ += values.size();
  }
  [[nodiscard]] bool try_push_back(const T& value) {
    if (!make_room(1)) return false;
    push_back(value);
    return true;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void truncate(size_t size) { size_ = size; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }
  std::span<const T> view() const { return {data_.get(), size_}; }
  std::span<const T> view(size_t offset, size_t size) const { return {data_.get() + offset, size}; }

 private:
  Budget* budget_;
  Reservation memory_;
  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// From the hash of a text to its number: a table with open addressing, at most half full.
class NumberIndex {
 public:
  explicit NumberIndex(Budget& budget) : budget_(budget), slots_(budget) {}

  static constexpr uint32_t kNone = UINT32_MAX;
  // The number at `hash`; kNone: there is none.
  uint32_t find(uint64_t high, uint64_t low) const {
    if (slots_.empty()) return kNone;
    for (size_t at = low & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.number == kNone || (slot.high == high && slot.low == low)) return slot.number;
    }
  }
  // Precondition: nothing is at `hash`. False: the budget has no room.
  [[nodiscard]] bool insert(uint64_t high, uint64_t low, uint32_t number) {
    if (2 * (count_ + 1) > slots_.size() && !grow()) return false;
    put({high, low, number});
    ++count_;
    return true;
  }

 private:
  struct Slot {
    uint64_t high = 0;
    uint64_t low = 0;
    uint32_t number = kNone;
  };
  size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot) {
    size_t at = slot.low & mask();
    while (slots_[at].number != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  bool grow() {
    const size_t size = std::max<size_t>(128, 2 * slots_.size());
    ReservedArray<Slot> old(budget_);
    std::swap(old, slots_);
    if (!slots_.make_room(size)) {
      std::swap(old, slots_);
      return false;
    }
    for (size_t i = 0; i < size; ++i) slots_.push_back({});
    for (const Slot& slot : old.view()) {
      if (slot.number != kNone) put(slot);
    }
    return true;
  }

  Budget& budget_;
  ReservedArray<Slot> slots_;
  size_t count_ = 0;
};

}  // namespace millrace::exporters
