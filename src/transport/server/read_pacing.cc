#include "transport/server/read_pacing.h"

#include <algorithm>

#include "transport/server/message_landing.h"

namespace millrace::transport {
namespace {

// Pieces of fewer bytes on average hold small requests.
constexpr size_t kPieceBytesSmall = 8 * 1024;

}  // namespace

void ReadPacing::note_read(size_t bytes, size_t pieces, bool is_full) {
  if (pieces > 1 && pieces * kPieceBytesSmall > bytes) {
    read_bytes_max_ = std::max(kReadBytesFirst, read_bytes_max_ / 2);
  } else if (is_full) {
    read_bytes_max_ = std::min(2 * read_bytes_max_, kReadBytesMax);
  }
}

size_t ReadPacing::next_piece() {
  const size_t requests = piece_requests_;
  piece_requests_ = std::min(2 * requests, kPieceRequestsMax);
  return requests;
}

bool ReadPacing::slice_is_over(MonotonicTime turn, MonotonicTime now) {
  if (slice_turn_ != turn) {
    slice_turn_ = turn;
    slice_until_ = now + std::clamp(turn + kTurn - now, Duration::zero(), kSlice);
  }
  if (now - turn >= kTurn) piece_requests_ = std::min(piece_requests_, kPieceRequestsLate);
  return now >= slice_until_;
}

}  // namespace millrace::transport
