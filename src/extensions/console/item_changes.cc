#include "extensions/console/item_changes.h"

#include <map>
#include <set>
#include <utility>

#include "extensions/console/proto_writer.h"

namespace millrace::extensions::console {
namespace {

std::string identity_of(Signal signal, otlp::MessageBytes item) {
  std::string key;
  switch (signal) {
    case Signal::kTraces: {
      const otlp::SpanView span = otlp::SpanView::read(item);
      key.append(as_text(span.trace_id)).append(as_text(span.span_id));
      break;
    }
    case Signal::kLogs: {
      const otlp::LogRecordView log = otlp::LogRecordView::read(item);
      key = std::to_string(log.time_unix_nano) + " " + std::to_string(log.observed_time_unix_nano);
      key.append(as_text(log.trace_id)).append(as_text(log.span_id));
      break;
    }
    case Signal::kMetrics: {
      constexpr uint32_t kName = 1;
      wire::FieldReader reader(item);
      for (wire::Field field; reader.next(&field);) {
        if (field.is(kName, wire::WireType::kLen)) key = field.text();
      }
      break;
    }
    case Signal::kProfiles:
      break;
  }
  return key;
}

bool is_same(const ItemList& a, const ItemList::Item& x, const ItemList& b,
             const ItemList::Item& y) {
  const otlp::ResourceView& left = a.resource_of(x);
  const otlp::ResourceView& right = b.resource_of(y);
  return as_text(x.bytes) == as_text(y.bytes) &&
         a.scope_of(x).scope.text() == b.scope_of(y).scope.text() &&
         left.resource.text() == right.resource.text() && left.schema_url == right.schema_url &&
         a.scope_of(x).schema_url == b.scope_of(y).schema_url;
}

// The message without the fields of that number.
std::string without(otlp::MessageBytes message, uint32_t number) {
  std::string text;
  wire::FieldReader reader(message);
  for (wire::Field field; reader.next(&field);) {
    if (field.number != number) text += as_text(field.whole);
  }
  return text;
}

}  // namespace

ItemList::ItemList(const Bytes& request) {
  const Rope rope(request);
  otlp::ResourceReader resource_reader(rope);
  otlp::ResourceView resource;
  while (resource_reader.next(&resource)) {
    resources.push_back(resource);
    otlp::ScopeReader scope_reader(resources.back());
    otlp::ScopeView scope;
    while (scope_reader.next(&scope)) {
      scopes.push_back(scope);
      otlp::MessageReader reader(scopes.back().bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes item; reader.next(&item);) {
        if (items.size() == kItemsMax) {
          is_cut = true;
          return;
        }
        items.push_back({resources.size() - 1, scopes.size() - 1, item});
      }
    }
  }
}

std::string ItemList::request_of(const Item& item) const {
  const std::string scope = without(scope_of(item).bytes.view(), otlp::kScopeItems) +
                            proto::field(otlp::kScopeItems, as_text(item.bytes));
  const std::string resource = without(resource_of(item).bytes.view(), otlp::kResourceScopes) +
                               proto::field(otlp::kResourceScopes, scope);
  return proto::field(1, resource);
}

std::vector<ItemChange> pair_items(Signal signal, const ItemList& before, const ItemList& after) {
  std::multimap<std::string, size_t> unpaired;
  for (size_t i = 0; i < after.items.size(); ++i) {
    unpaired.emplace(identity_of(signal, after.items[i].bytes), i);
  }
  std::vector<ItemChange> changes;
  size_t removed_count = 0;
  for (size_t i = 0; i < before.items.size(); ++i) {
    const auto [first, last] = unpaired.equal_range(identity_of(signal, before.items[i].bytes));
    ItemChange change{.change = Change::kRemoved, .before = i, .after = std::nullopt};
    if (first != last) {
      change.after = first->second;
      unpaired.erase(first);
    } else {
      ++removed_count;
    }
    changes.push_back(change);
  }
  // Where both sides have as many unpaired items, these changed their identity.
  std::set<size_t> rest;
  for (const auto& [key, index] : unpaired) rest.insert(index);
  auto next = rest.begin();
  if (removed_count == rest.size()) {
    for (ItemChange& change : changes) {
      if (!change.after) change.after = *next++;
    }
  }
  for (ItemChange& change : changes) {
    if (!change.after) continue;
    const bool same =
        is_same(before, before.items[*change.before], after, after.items[*change.after]);
    change.change = same ? Change::kSame : Change::kChanged;
  }
  for (; next != rest.end(); ++next) {
    changes.push_back({.change = Change::kAdded, .before = std::nullopt, .after = *next});
  }
  return changes;
}

}  // namespace millrace::extensions::console
