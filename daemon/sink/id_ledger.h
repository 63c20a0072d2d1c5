// Which numbered ids have arrived, and how often: a bitmap for each generator, in pages that are
// made when first needed, so that gaps cost nothing.
//
// One thread. Noting an id is a hash lookup only when the page differs from the last one's.
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
  // Pages of 65,536 ids, 8 KiB each. Ids beyond `pages_max` pages are counted as unchecked.
  explicit IdLedger(size_t pages_max = 32768) : pages_max_(pages_max) {}

  void note(NumberedId id);
  // How many of the `count` ids from `first` on have not arrived.
  uint64_t absent_count(NumberedId first, uint64_t count) const;

  uint64_t unique_count() const { return unique_count_; }
  uint64_t duplicate_count() const { return duplicate_count_; }
  uint64_t unchecked_count() const { return unchecked_count_; }
  // Ids that have not arrived though a higher one of the same generator has.
  uint64_t missing_count() const;

 private:
  static constexpr int kPageBits = 16;
  using Page = std::vector<uint64_t>;
  static uint64_t key_of(NumberedId id);
  Page* page_of(uint64_t key);

  const size_t pages_max_;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages_;  // by generator and page
  std::unordered_map<uint16_t, uint64_t> sequence_ends_;       // highest seen + 1, by generator
  uint64_t last_key_ = UINT64_MAX;
  Page* last_page_ = nullptr;
  uint64_t unique_count_ = 0;
  uint64_t duplicate_count_ = 0;
  uint64_t unchecked_count_ = 0;
};

}  // namespace millrace::load
