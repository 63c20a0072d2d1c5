// The streams of a connection that were closed last, so that a frame on a stream that the peer
// itself had ended is distinguished from one that crossed our reset (RFC 9113, section 5.1).
// nghttp2 could keep the streams themselves, at some hundred bytes each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace millrace::http {

class ClosedStreams {
 public:
  static constexpr size_t kCountMax = 64;
  enum class By : uint8_t { kUs, kPeer };

  // Forgets the oldest when kCountMax are kept. `id` is not 0.
  void add(int32_t id, By by) {
    closed_[next_] = {id, by};
    next_ = (next_ + 1) % closed_.size();
  }
  // Nothing: the stream was never open, or closed too long ago. O(kCountMax).
  std::optional<By> find(int32_t id) const {
    const auto found = std::ranges::find(closed_, id, &Closed::id);
    if (found == closed_.end()) return std::nullopt;
    return found->by;
  }

 private:
  struct Closed {
    int32_t id = 0;
    By by = By::kUs;
  };
  std::array<Closed, kCountMax> closed_;
  size_t next_ = 0;
};

}  // namespace millrace::http
