// The memory of items that a component holds: room is reserved for a whole request before the
// request is walked, and what the request did not need is given back behind it. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"
#include "memory/budget.h"

namespace millrace {

class HeldRoom {
 public:
  void add(Reservation room) {
    reserved_bytes_ += room.bytes();
    rooms_.push_back(std::move(room));
  }
  // Precondition of use(): add() has made the room, and no give_back() since.
  void use(size_t bytes) { used_bytes_ += bytes; }
  void release(size_t bytes) {
    MILLRACE_CHECK(bytes <= used_bytes_);
    used_bytes_ -= bytes;
  }
  // Gives back what is not used.
  void give_back() {
    MILLRACE_CHECK(used_bytes_ <= reserved_bytes_);
    while (!rooms_.empty()) {
      Reservation& last = rooms_.back();
      const size_t spare = std::min(reserved_bytes_ - used_bytes_, last.bytes());
      reserved_bytes_ -= spare;
      if (spare < last.bytes()) return last.shrink(last.bytes() - spare);
      rooms_.pop_back();
    }
  }

 private:
  std::vector<Reservation> rooms_;
  size_t reserved_bytes_ = 0;
  size_t used_bytes_ = 0;
};

}  // namespace millrace
