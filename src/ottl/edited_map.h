// Changes of single entries of received attributes: the others stay as they were received, and
// their values are neither read nor copied (Map::base).
//
// One thread. Values are valid until the next change of the map.
#pragma once

#include <string_view>

#include "ottl/value.h"

namespace millrace::ottl {

// As to_own_map(), but received attributes become the base of the map.
Map* to_edited_map(const Value& map, Scratch& scratch);

// The value of the first entry with that key, to be changed in place. It is added if there is none;
// `key` must live as long as the map. Null: the scratch has no room.
Value* edit_entry(Map* map, std::string_view key, Scratch& scratch);

// Removes the entries for which `is_wanted(key)`.
template <class IsWanted>
void remove_keys(Map* map, const IsWanted& is_wanted) {
  for (ReceivedEntry& entry : map->received) {
    if (!entry.is_removed() && is_wanted(entry.key)) entry.change = ReceivedEntry::kRemoved;
  }
  std::erase_if(map->entries, [&](const MapEntry& entry) { return is_wanted(entry.key); });
}

// Whether `is_wanted(key)` holds for an entry.
template <class IsWanted>
bool any_key(const Value& map, const IsWanted& is_wanted) {
  bool is_found = false;
  if (map.map != nullptr && map.map->has_base()) {
    for (const ReceivedEntry& entry : map.map->received) {
      if (!entry.is_removed() && is_wanted(entry.key)) return true;
    }
    for (const MapEntry& entry : map.map->entries) {
      if (is_wanted(entry.key)) return true;
    }
    return false;
  }
  for_each_part(
      map,
      [&](otlp::MessageBytes received) {
        is_found = is_wanted(otlp::read_key_value(received).key);
        return !is_found;
      },
      [&](const MapEntry& entry) {
        is_found = is_wanted(entry.key);
        return !is_found;
      });
  return is_found;
}

}  // namespace millrace::ottl
