#include "http/gathered_output.h"

#include <cstring>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::http {
namespace {

// Enough for a full write of the socket, few enough for IOV_MAX.
constexpr size_t kCopyBuffer = 64 * 1024;
constexpr size_t kCopiesFull = 48 * 1024;
constexpr size_t kPieceCountFull = 900;
constexpr size_t kViewsFull = 1 << 20;
static_assert(kCopiesFull + GatheredOutput::kCopyBytesMax < kCopyBuffer);

std::unique_ptr<uint8_t[]> make_buffer() {
  const AllocationName name("constant connection to a back end", kCopyBuffer);
  return std::make_unique_for_overwrite<uint8_t[]>(kCopyBuffer);
}

}  // namespace

GatheredOutput::GatheredOutput() : copies_(make_buffer()) {
  pieces_.reserve(kPieceCountFull + 128);
}

bool GatheredOutput::is_full() const {
  return copied_bytes_ >= kCopiesFull || pieces_.size() >= kPieceCountFull ||
         viewed_bytes_ >= kViewsFull;
}

void GatheredOutput::append_copy(const uint8_t* data, size_t size) {
  MILLRACE_CHECK(size <= kCopyBuffer - copied_bytes_);
  uint8_t* at = copies_.get() + copied_bytes_;
  std::memcpy(at, data, size);
  copied_bytes_ += size;
  appended_ += size;
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<uint8_t*>(last.iov_base) + last.iov_len == at) {
      last.iov_len += size;
      return;
    }
  }
  pieces_.push_back({at, size});
}

void GatheredOutput::append_view(const uint8_t* data, size_t size) {
  // iovec has no const; writing sockets does not write through it.
  pieces_.push_back({const_cast<uint8_t*>(data), size});
  viewed_bytes_ += size;
  appended_ += size;
}

void GatheredOutput::advance(size_t bytes) {
  written_ += bytes;
  while (bytes > 0) {
    MILLRACE_CHECK(next_piece_ < pieces_.size());
    iovec& piece = pieces_[next_piece_];
    if (bytes < piece.iov_len) {
      piece.iov_base = static_cast<uint8_t*>(piece.iov_base) + bytes;
      piece.iov_len -= bytes;
      return;
    }
    bytes -= piece.iov_len;
    ++next_piece_;
  }
}

void GatheredOutput::clear() {
  MILLRACE_CHECK(is_written());
  pieces_.clear();
  next_piece_ = 0;
  copied_bytes_ = 0;
  viewed_bytes_ = 0;
  kept_.clear();
}

}  // namespace millrace::http
