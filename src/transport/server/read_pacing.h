// How much of a connection's input is read and handled at a time, so that one busy peer does not
// make the others wait.
//
// A read is handled in pieces of some requests, with a look at the clock after each. A
// connection has a slice of each turn of the loop; in a turn that has become long it is one piece.
//
// One connection's, on its loop.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace millrace::transport {

class ReadPacing {
 public:
  // Requests in a piece, at the most. A small one takes some microseconds, so a look at the clock
  // (25 ns) between pieces costs nothing.
  static constexpr size_t kPieceRequestsMax = 16;
  // The same once the turn is long.
  static constexpr size_t kPieceRequestsLate = 4;
  // A connection's share of a turn, and the length of a turn from which on connections get a piece
  // each: with a thousand of them that all keep the loop busy, a turn is still short.
  static constexpr Duration kSlice = 2ms;
  static constexpr Duration kTurn = 10ms;
  // The first reads. Many small requests gain nothing by larger ones, and what was read has to be
  // kept when the peer stops reading its answers.
  static constexpr size_t kReadBytesFirst = 16 * 1024;

  // The size of the next read: grows while reads fill it, shrinks while they hold small requests.
  size_t read_bytes_max() const { return read_bytes_max_; }
  // A read of `bytes` was handled in `pieces`; `is_full`: it was as large as was asked for.
  void note_read(size_t bytes, size_t pieces, bool is_full);
  // How many requests the next piece may have: twice as many as the one before.
  size_t next_piece();
  // The next piece has one request: they take long.
  void take_smaller_pieces() { piece_requests_ = 1; }
  // At `now`, in the turn of the loop that began at `turn`. The first call in a turn begins the
  // slice.
  bool slice_is_over(MonotonicTime turn, MonotonicTime now);
  bool has_begun_slice(MonotonicTime turn) const { return slice_turn_ == turn; }

 private:
  size_t piece_requests_ = 1;
  size_t read_bytes_max_ = kReadBytesFirst;
  MonotonicTime slice_turn_ = kNever;  // the turn that slice_until_ is for
  MonotonicTime slice_until_{};
};

}  // namespace millrace::transport
