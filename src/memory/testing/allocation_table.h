// The live allocations of a HeapAccount.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace millrace::testing {

struct Allocation {
  const void* data = nullptr;
  uint32_t name = 0;  // its place in the account's names
  size_t bytes = 0;
};

// By address. A hash table with open addressing in pages of its own, because it is used from inside
// malloc. It calls nothing that allocates. Not safe for several threads; clear() gives the pages
// back.
class AllocationTable {
 public:
  void insert(const Allocation& one) {
    if (2 * (count_ + 1) > capacity_) grow();
    place(one);
    ++count_;
  }
  // Removes it. `bytes` of null data: it is not there.
  Allocation take(const void* data) {
    if (count_ == 0) return {};
    size_t at = slot_of(data);
    while (slots_[at].data != data) {
      if (slots_[at].data == nullptr) return {};
      at = next(at);
    }
    const Allocation found = slots_[at];
    --count_;
    close_gap(at);
    return found;
  }
  void clear() {
    if (slots_ != nullptr) munmap(slots_, capacity_ * sizeof(Allocation));
    slots_ = nullptr;
    capacity_ = 0;
    count_ = 0;
  }
  size_t count() const { return count_; }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (size_t at = 0; at < capacity_; ++at) {
      if (slots_[at].data != nullptr) visit(slots_[at]);
    }
  }

 private:
  size_t slot_of(const void* data) const {
    const auto key = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(data)) >> 4;
    return (key * 0x9e3779b97f4a7c15ULL >> 20) & (capacity_ - 1);
  }
  size_t next(size_t at) const { return (at + 1) & (capacity_ - 1); }
  void place(const Allocation& one) {
    size_t at = slot_of(one.data);
    while (slots_[at].data != nullptr) at = next(at);
    slots_[at] = one;
  }
  void close_gap(size_t gap) {
    for (size_t at = next(gap); slots_[at].data != nullptr; at = next(at)) {
      const size_t distance = (at - slot_of(slots_[at].data)) & (capacity_ - 1);
      if (distance < ((at - gap) & (capacity_ - 1))) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = {};
  }
  void grow() {
    constexpr size_t kSlotsMin = 1 << 14;
    AllocationTable larger;
    larger.capacity_ = capacity_ == 0 ? kSlotsMin : 2 * capacity_;
    void* pages = mmap(nullptr, larger.capacity_ * sizeof(Allocation), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MILLRACE_CHECK(pages != MAP_FAILED);
    larger.slots_ = static_cast<Allocation*>(pages);
    for (size_t at = 0; at < capacity_; ++at) {
      if (slots_[at].data != nullptr) larger.place(slots_[at]);
    }
    larger.count_ = count_;
    clear();
    *this = larger;
  }

  Allocation* slots_ = nullptr;
  size_t capacity_ = 0;  // a power of two
  size_t count_ = 0;
};

}  // namespace millrace::testing
