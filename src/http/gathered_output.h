// The output of a client's connection as pieces for one write of the socket: frame headers are
// copied into a buffer of its own, bodies are pointed to.
//
// One owner, one thread. Memory: 64 KiB for what is copied, and the list of pieces.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace millrace::http {

class GatheredOutput {
 public:
  // The maximum that append_copy() accepts.
  static constexpr size_t kCopyBytesMax = 16 * 1024 - 64;

  GatheredOutput();
  GatheredOutput(const GatheredOutput&) = delete;
  GatheredOutput& operator=(const GatheredOutput&) = delete;

  // True: there is enough for a write, about 1 MiB or some hundred pieces. What is appended waits
  // until the owner has called clear().
  bool is_full() const;
  // Precondition: not full, and `size` is at most kCopyBytesMax.
  void append_copy(const uint8_t* data, size_t size);
  // The bytes stay where they are; they must live until clear().
  void append_view(const uint8_t* data, size_t size);
  // Keeps bytes that append_view() was given until clear().
  void keep(Rope bytes) { kept_.push_back(std::move(bytes)); }

  // The pieces that are not written yet. Valid until advance() or an append.
  std::span<const iovec> view() const { return std::span(pieces_).subspan(next_piece_); }
  bool is_written() const { return next_piece_ == pieces_.size(); }
  // So many bytes of view() were written.
  void advance(size_t bytes);
  // Precondition: is_written().
  void clear();

  // Bytes ever appended and ever written.
  uint64_t appended() const { return appended_; }
  uint64_t written() const { return written_; }

 private:
  std::vector<iovec> pieces_;  // [next_piece_, end) is unwritten
  size_t next_piece_ = 0;
  std::unique_ptr<uint8_t[]> copies_;
  size_t copied_bytes_ = 0;
  size_t viewed_bytes_ = 0;
  std::vector<Rope> kept_;
  uint64_t appended_ = 0;
  uint64_t written_ = 0;
};

}  // namespace millrace::http
