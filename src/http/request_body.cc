#include "http/request_body.h"

#include <algorithm>

#include "base/check.h"

namespace millrace::http {

void RequestBody::append_to(GatheredOutput& output, size_t size) {
  MILLRACE_CHECK(size <= left_);
  left_ -= size;
  if (prefix_sent_ < prefix_size_ && size > 0) {
    const size_t count = std::min<size_t>(size, prefix_size_ - prefix_sent_);
    output.append_copy(prefix_.data() + prefix_sent_, count);
    prefix_sent_ += static_cast<uint8_t>(count);
    size -= count;
  }
  while (size > 0) {
    const Bytes& piece = rope_.pieces()[piece_];
    const size_t count = std::min(size, piece.size() - offset_);
    output.append_view(piece.data() + offset_, count);
    offset_ += count;
    size -= count;
    if (offset_ == piece.size()) {
      ++piece_;
      offset_ = 0;
    }
  }
}

}  // namespace millrace::http
