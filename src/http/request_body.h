// The body of a request that is being sent: a short prefix (gRPC's) and a rope, of which frames
// take the next bytes.
//
// One stream's, on its session's thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "http/gathered_output.h"

namespace millrace::http {

class RequestBody {
 public:
  static constexpr size_t kPrefixBytesMax = 5;
  using Prefix = std::array<uint8_t, kPrefixBytesMax>;

  RequestBody(const Prefix& prefix, uint8_t prefix_size, Rope rope)
      : prefix_(prefix),
        prefix_size_(prefix_size),
        rope_(std::move(rope)),
        left_(prefix_size + rope_.size()) {}

  // Bytes that append_to() has not taken.
  size_t left() const { return left_; }
  bool is_begun() const { return left_ != prefix_size_ + rope_.size(); }
  // Appends the next `size` bytes: the prefix is copied, of the rest the output has views, which
  // are valid as long as the rope lives. Precondition: size <= left().
  void append_to(GatheredOutput& output, size_t size);
  // Without the prefix, whatever was appended.
  const Rope& rope() const { return rope_; }
  Rope take_rope() && { return std::move(rope_); }

 private:
  Prefix prefix_;
  uint8_t prefix_size_;
  uint8_t prefix_sent_ = 0;
  Rope rope_;
  size_t left_;
  size_t piece_ = 0;   // the next one of the rope,
  size_t offset_ = 0;  // and how much of it was appended
};

}  // namespace millrace::http
