// Divides the input of a fuzz target into values: choices first, texts in between, the rest last.
// Behind the end of the input choices are 0 and texts are empty, so that every input is valid.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::testing {

class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : left_(data, size) {}

  bool empty() const { return left_.empty(); }
  uint8_t byte() {
    if (left_.empty()) return 0;
    const uint8_t first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  // A number below `count`; `count` is at most 256.
  size_t choice(size_t count) { return byte() % count; }
  bool flag() { return (byte() & 1) != 0; }
  // An integer of `count` bytes (at most 8) in little-endian order.
  uint64_t number(size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= uint64_t{byte()} << (8 * i);
    return value;
  }
  // A text whose length is the next byte.
  std::string_view text() { return as_text(take(byte())); }
  std::span<const uint8_t> rest() { return take(left_.size()); }
  std::string_view rest_text() { return as_text(rest()); }

 private:
  std::span<const uint8_t> take(size_t size) {
    const auto taken = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  static std::string_view as_text(std::span<const uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::span<const uint8_t> left_;
};

}  // namespace millrace::testing
