// Finds frame heads in what an HTTP/2 connection receives, without reading the frames: 9 bytes
// each, in constant time (RFC 9113, section 4.1). Bytes come in pieces of any size.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace millrace::http {

class Http2FrameWalk {
 public:
  static constexpr uint32_t kClientPrefaceBytes = 24;
  // `preface_bytes` come before the first frame: a server's peer sends kClientPrefaceBytes, a
  // client's none.
  explicit Http2FrameWalk(uint32_t preface_bytes = kClientPrefaceBytes)
      : skip_(preface_bytes), payload_size_(preface_bytes) {}
  // Walks to behind the next head, or through all of `bytes`; returns how many bytes that were.
  // `bytes` must not be empty.
  size_t walk(std::span<const uint8_t> bytes) {
    if (head_size_ == kHeadBytes) head_size_ = 0;
    const auto skipped = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size()));
    skip_ -= skipped;
    const size_t taken = std::min(bytes.size() - skipped, kHeadBytes - head_size_);
    if (taken != 0) std::memcpy(head_.data() + head_size_, bytes.data() + skipped, taken);
    head_size_ += taken;
    if (at_head()) {
      payload_size_ = uint32_t{head_[0]} << 16 | uint32_t{head_[1]} << 8 | head_[2];
      skip_ = payload_size_;
    }
    return skipped + taken;
  }
  // The walk has stopped behind a whole head; type and stream_id are that frame's.
  bool at_head() const { return head_size_ == kHeadBytes; }
  // The length of the payload.
  uint32_t length() const { return payload_size_; }
  uint8_t type() const { return head_[3]; }
  uint8_t flags() const { return head_[4]; }
  // How many bytes of that frame's payload have been walked over and how many are still to come.
  size_t payload_walked() const { return payload_size_ - static_cast<size_t>(skip_); }
  size_t payload_left() const { return static_cast<size_t>(skip_); }
  int32_t stream_id() const {
    return static_cast<int32_t>((uint32_t{head_[5]} & 0x7f) << 24 | uint32_t{head_[6]} << 16 |
                                uint32_t{head_[7]} << 8 | head_[8]);
  }

 private:
  static constexpr size_t kHeadBytes = 9;
  uint64_t skip_;  // bytes before the next head
  uint32_t payload_size_;
  std::array<uint8_t, kHeadBytes> head_{};
  size_t head_size_ = 0;
};

}  // namespace millrace::http
