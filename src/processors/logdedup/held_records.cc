#include "processors/logdedup/held_records.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::processors::logdedup {

void HeldRecords::add_room(Reservation room) {
  reserved_bytes_ += room.bytes();
  memory_.push_back(std::move(room));
}

void HeldRecords::return_room() {
  MILLRACE_CHECK(used_bytes_ <= reserved_bytes_);
  while (!memory_.empty()) {
    Reservation& last = memory_.back();
    const size_t spare = std::min(reserved_bytes_ - used_bytes_, last.bytes());
    reserved_bytes_ -= spare;
    if (spare < last.bytes()) return last.shrink(last.bytes() - spare);
    memory_.pop_back();
  }
}

size_t HeldRecords::record_count() const {
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
    used_bytes_ += resource.size() + kOverheadBytes;
  }
  Group& group = groups_[group_at->second];
  const auto [scope_at, is_new_scope] = group.by_key.try_emplace(scope_key, group.scopes.size());
  if (is_new_scope) {
    group.scopes.push_back({.scope = std::string(scope), .records = {}, .by_key = {}});
    used_bytes_ += scope.size() + kOverheadBytes;
  }
  return group.scopes[scope_at->second];
}

}  // namespace millrace::processors::logdedup
