// The memory of a connection's header section that is under way: a long one is reserved step by
// step, and all that are open on one loop have a share of the budget, so that sections that never
// end do not take the memory of senders that send messages.
//
// One connection's, on the server's loop.
#pragma once

#include <cstddef>

#include "memory/budget.h"

namespace millrace::transport {

class OpenHeadMemory {
 public:
  // Bytes that the reservation of every connection includes.
  static constexpr size_t kIncluded = 4 * 1024;
  static constexpr size_t kStep = 16 * 1024;
  // Part of the budget that all open sections of a loop may have.
  static constexpr size_t kShare = 32;

  // `loop_bytes`: what all connections of the loop have reserved here. Both outlive this.
  OpenHeadMemory(Budget& budget, size_t& loop_bytes) : budget_(budget), loop_bytes_(loop_bytes) {}
  ~OpenHeadMemory() { release(); }
  OpenHeadMemory(const OpenHeadMemory&) = delete;
  OpenHeadMemory& operator=(const OpenHeadMemory&) = delete;

  // The section has `bytes` now; none: 0. False: there is no memory for it, and nothing is
  // reserved.
  bool cover(size_t bytes);

 private:
  void release();

  Budget& budget_;
  size_t& loop_bytes_;
  Reservation memory_;
};

}  // namespace millrace::transport
