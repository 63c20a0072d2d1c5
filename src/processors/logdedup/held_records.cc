#include "processors/logdedup/held_records.h"

#include <utility>

namespace millrace::processors::logdedup {

size_t HeldRecords::item_count() const {
  size_t count = 0;
  for (const Group& group : groups_) {
    for (const Scope& scope : group.scopes) count += scope.records.size();
  }
  return count;
}

HeldRecords::Scope& HeldRecords::scope_of(RecordKey resource_key, std::string_view resource,
                                          RecordKey scope_key, std::string_view scope) {
  const auto [group_at, is_new_group] = by_key_.try_emplace(resource_key, groups_.size());
  if (is_new_group) {
    groups_.push_back({.resource = std::string(resource), .scopes = {}, .by_key = {}});
    room_.use(resource.size() + kOverheadBytes);
  }
  Group& group = groups_[group_at->second];
  const auto [scope_at, is_new_scope] = group.by_key.try_emplace(scope_key, group.scopes.size());
  if (is_new_scope) {
    group.scopes.push_back({.scope = std::string(scope), .records = {}, .by_key = {}});
    room_.use(scope.size() + kOverheadBytes);
  }
  return group.scopes[scope_at->second];
}

}  // namespace millrace::processors::logdedup
