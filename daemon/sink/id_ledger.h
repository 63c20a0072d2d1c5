// The numbered ids that have arrived, and the number of their repetitions: a bitmap for each
// generator, in pages that are allocated when first needed, so that gaps cost nothing.
//
// One thread. Adding an id is a hash look-up only when its page differs from the last id's page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "daemon/generate/numbered_id.h"

namespace millrace::load {

class IdLedger {
 public:
  // Pages have 65,536 ids in 8 KiB. Ids beyond `pages_max` pages are counted as unchecked.
  explicit IdLedger(size_t pages_max = 32768) : pages_max_(pages_max) {}

  void note(NumberedId id);
  // The number of ids among the `count` ids from `first` on that have not arrived.
  uint64_t absent_count(NumberedId first, uint64_t count) const;

  uint64_t unique_count() const { return unique_count_; }
  uint64_t duplicate_count() const { return duplicate_count_; }
  uint64_t unchecked_count() const { return unchecked_count_; }
  // The number of ids that have not arrived although a higher one of the same generator has.
  uint64_t missing_count() const;

 private:
  static constexpr int kPageBits = 16;
  using Page = std::vector<uint64_t>;
  static uint64_t key_of(NumberedId id);
  Page* page_of(uint64_t key);

  const size_t pages_max_;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages_;  // key: generator and page
  std::unordered_map<uint16_t, uint64_t> sequence_ends_;       // key: generator; highest id + 1
  uint64_t last_key_ = UINT64_MAX;
  Page* last_page_ = nullptr;
  uint64_t unique_count_ = 0;
  uint64_t duplicate_count_ = 0;
  uint64_t unchecked_count_ = 0;
};

}  // namespace millrace::load
