// A list that grows with a message; see BudgetedList.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/allocation_name.h"
#include "memory/budget.h"

namespace millrace {

// A list that grows with a message, reserved in the budget (MemoryTerm::kWork) before it grows. One
// thread.
template <class Item>
class BudgetedList {
 public:
  explicit BudgetedList(Budget& budget) : budget_(budget) {}
  // False: the budget refuses, and nothing has changed.
  [[nodiscard]] bool push(const Item& item) {
    if (items_.size() == items_.capacity() && !grow()) return false;
    items_.push_back(item);
    return true;
  }
  void clear() { items_.clear(); }
  std::vector<Item>& items() { return items_; }
  const std::vector<Item>& items() const { return items_; }

 private:
  bool grow() {
    const size_t capacity = items_.empty() ? 16 : 2 * items_.capacity();
    Reservation larger = Reservation::try_make(budget_, MemoryTerm::kWork, capacity * sizeof(Item));
    if (!larger) return false;
    const AllocationName name("term work");
    items_.reserve(capacity);
    memory_ = std::move(larger);
    return true;
  }

  Budget& budget_;
  Reservation memory_;
  std::vector<Item> items_;
};

}  // namespace millrace
