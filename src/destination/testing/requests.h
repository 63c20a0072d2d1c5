// Pending requests of numbered items, for tests of single parts.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "destination/flight.h"
#include "destination/pending_request.h"
#include "ledger/ledger.h"
#include "pipeline/testing/fake_exporter.h"

namespace millrace::pipeline::testing {

// A request of the items `first` to `last`, eight bytes each; cost 1.
inline PendingRequest request_of(ledger::Account& account, uint64_t first, uint64_t last,
                                 MonotonicTime admitted_at = {}, MetadataRef metadata = nullptr) {
  std::vector<uint64_t> items;
  for (uint64_t item = first; item <= last; ++item) items.push_back(item);
  const Bytes bytes = bytes_of_items(items);
  return {.owed = Obligation({.account = &account,
                              .item_count = static_cast<uint32_t>(items.size()),
                              .admitted_bytes = static_cast<uint32_t>(bytes.size()),
                              .cost = 1}),
          .bytes = Rope(bytes),
          .metadata = std::move(metadata),
          .admitted_at = admitted_at};
}

inline void close_all(Flight& flight) {
  for (Entry& entry : flight.entries) (void)entry.owed.close();
}

}  // namespace millrace::pipeline::testing
