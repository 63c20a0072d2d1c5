// A set of sector numbers as bits, because allocation ahead marks a megabyte at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace millrace::io::sim {

class SectorSet {
 public:
  // Adds all of [first, end).
  void add(uint64_t first, uint64_t end) {
    if (first >= end) return;
    if (words_.size() <= (end - 1) / 64) words_.resize((end - 1) / 64 + 1);
    for (uint64_t word = first / 64; word <= (end - 1) / 64; ++word) {
      const uint64_t low = std::max(first, word * 64) - word * 64;
      const uint64_t high = std::min(end, word * 64 + 64) - word * 64;
      words_[word] |= bits_below(high) & ~bits_below(low);
    }
  }
  void clear() { words_.clear(); }
  // Visits the numbers in ascending order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (uint64_t word = 0; word < words_.size(); ++word) {
      for (uint64_t rest = words_[word]; rest != 0; rest &= rest - 1) {
        visit(word * 64 + static_cast<uint64_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  static uint64_t bits_below(uint64_t count) {
    return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
  }
  std::vector<uint64_t> words_;
};

}  // namespace millrace::io::sim
