// A growing row of bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::segment_log {

class Bits {
 public:
  size_t size() const { return size_; }
  void resize(size_t size) {
    words_.resize((size + 63) / 64);
    size_ = size;
  }
  bool get(size_t i) const { return i < size_ && (words_[i / 64] >> (i % 64) & 1) != 0; }
  // Precondition of both: i < size().
  void set(size_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void clear(size_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  size_t count() const {
    size_t sum = 0;
    for (const uint64_t word : words_) sum += static_cast<size_t>(std::popcount(word));
    return sum;
  }

 private:
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

}  // namespace millrace::segment_log
