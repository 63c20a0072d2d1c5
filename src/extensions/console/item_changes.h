// The work of a processor on the items of one request: which are the same, changed, removed or
// added.
//
// Items are paired by what identifies them (span id, times, name), and by their order where that
// does not decide. Views point into the bytes that were given. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/signal.h"
#include "extensions/console/item_fields.h"
#include "otlp/views.h"

namespace millrace::extensions::console {

// The items of a request (spans, log records, metrics), in order.
struct ItemList {
  struct Item {
    size_t resource = 0;  // index into resources
    size_t scope = 0;     // index into scopes
    otlp::MessageBytes bytes;
  };
  std::deque<otlp::ResourceView> resources;
  std::deque<otlp::ScopeView> scopes;
  std::vector<Item> items;
  bool is_cut = false;  // there are more than kItemsMax

  static constexpr size_t kItemsMax = 10'000;
  explicit ItemList(const Bytes& request);
  const otlp::ResourceView& resource_of(const Item& item) const { return resources[item.resource]; }
  const otlp::ScopeView& scope_of(const Item& item) const { return scopes[item.scope]; }
  // A request with this item alone, its resource and its scope.
  std::string request_of(const Item& item) const;
};

struct ItemChange {
  Change change = Change::kSame;
  std::optional<size_t> before;  // index of an item
  std::optional<size_t> after;
};
// In the order of `before`, then what is new.
std::vector<ItemChange> pair_items(Signal signal, const ItemList& before, const ItemList& after);

}  // namespace millrace::extensions::console
