#include "daemon/sink/id_ledger.h"

#include <algorithm>

namespace millrace::load {

IdLedger::Page* IdLedger::page_of(uint64_t key) {
  if (key == last_key_) return last_page_;
  auto found = pages_.find(key);
  if (found == pages_.end()) {
    if (pages_.size() >= pages_max_) return nullptr;
    found = pages_.emplace(key, std::make_unique<Page>((size_t{1} << kPageBits) / 64)).first;
  }
  last_key_ = key;
  last_page_ = found->second.get();
  return last_page_;
}

uint64_t IdLedger::key_of(NumberedId id) {
  return uint64_t{id.generator} << (kSequenceBits - kPageBits) | id.sequence >> kPageBits;
}

void IdLedger::note(NumberedId id) {
  Page* const page = page_of(key_of(id));
  if (page == nullptr) {
    ++unchecked_count_;
    return;
  }
  const uint64_t place = id.sequence & ((uint64_t{1} << kPageBits) - 1);
  uint64_t& word = (*page)[place / 64];
  const uint64_t bit = uint64_t{1} << (place % 64);
  if ((word & bit) != 0) {
    ++duplicate_count_;
    return;
  }
  word |= bit;
  ++unique_count_;
  uint64_t& end = sequence_ends_[id.generator];
  end = std::max(end, id.sequence + 1);
}

uint64_t IdLedger::absent_count(NumberedId first, uint64_t count) const {
  constexpr uint64_t kPageIds = uint64_t{1} << kPageBits;
  uint64_t absent = 0;
  for (uint64_t done = 0; done < count;) {
    const NumberedId id{first.generator, first.sequence + done};
    const uint64_t begin = id.sequence % kPageIds;
    const uint64_t end = std::min(kPageIds, begin + count - done);
    const auto found = pages_.find(key_of(id));
    for (uint64_t place = begin; place < end; ++place) {
      const bool is_there =
          found != pages_.end() && ((*found->second)[place / 64] >> (place % 64) & 1) != 0;
      absent += is_there ? 0 : 1;
    }
    done += end - begin;
  }
  return absent;
}

uint64_t IdLedger::missing_count() const {
  uint64_t expected = 0;
  for (const auto& [generator, end] : sequence_ends_) expected += end;
  return expected - unique_count_;
}

}  // namespace millrace::load
