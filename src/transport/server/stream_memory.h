// Memory of the open requests of one HTTP/2 connection beside their messages, as a term of the
// budget: the stream, its request, and the place in line or in a queue that waits for an answer.
// Some 1.3 KiB each, measured with 16,000 senders waiting in line.
//
// Reserved for several requests at a time and given back with some slack, so that requests that
// come and go cost no atomic operation. Belongs to the connection's loop.
#pragma once

#include <cstddef>
#include <vector>

#include "memory/budget.h"

namespace millrace::transport {

inline constexpr size_t kStreamBytes = 2 * 1024;
// Part of what every connection has reserved.
inline constexpr size_t kStreamsIncluded = 8;
inline constexpr size_t kStreamsPerBlock = 16;
// Streams that may be open without memory, to be answered at once; more are refused unread.
inline constexpr size_t kStreamsUncovered = 8;

class StreamMemory {
 public:
  explicit StreamMemory(Budget& budget) : budget_(budget) {}

  // One more is open. False: there is no memory for it, and it must be answered at once.
  bool open() {
    if (++open_count_ <= covered()) return true;
    Reservation block =
        Reservation::try_make(budget_, MemoryTerm::kConnections, kStreamsPerBlock * kStreamBytes);
    if (!block) return false;
    blocks_.push_back(std::move(block));
    return true;
  }
  size_t uncovered_count() const { return open_count_ <= covered() ? 0 : open_count_ - covered(); }
  // So many may be opened before it is looked again whether some of them are without memory.
  size_t allowance() const {
    return kStreamsUncovered / 2 + (open_count_ <= covered() ? covered() - open_count_ : 0);
  }
  void close() {
    --open_count_;
    while (!blocks_.empty() && open_count_ + kStreamsPerBlock + kStreamsPerBlock / 2 <= covered()) {
      blocks_.pop_back();
    }
  }

 private:
  size_t covered() const { return kStreamsIncluded + blocks_.size() * kStreamsPerBlock; }

  Budget& budget_;
  size_t open_count_ = 0;
  std::vector<Reservation> blocks_;
};

}  // namespace millrace::transport
