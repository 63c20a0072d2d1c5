// Changes of single entries of received attributes: the others stay as they were received, and
// their values are neither read nor copied (Map::base).
//
// One thread. Values are valid until the next change of the map.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ottl/value.h"

namespace millrace::ottl {

// As to_own_map(), but received attributes become the base of the map.
Map* to_edited_map(const Value& map, Scratch& scratch);

// The value of the first entry with that key, to be changed in place. It is added if there is none;
// `key` must live as long as the map. Null: the scratch has no room.
Value* edit_entry(Map* map, std::string_view key, Scratch& scratch);

// Removes the entries for which `is_wanted(key)`. Returns false and changes nothing when the
// scratch has no room.
template <class IsWanted>
bool remove_keys(Map* map, const IsWanted& is_wanted, Scratch& scratch) {
  // The changes with the removed ones in their places.
  std::vector<EditedEntry> edited;
  bool is_found = false;
  size_t next = 0;
  const auto take_over_until = [&](size_t end) {
    for (; next < end; next++) edited.push_back(map->edited[next]);
  };
  const bool has_room = for_each_received(*map, [&](const ReceivedEntry& entry) {
    const bool is_edited =
        next < map->edited.size() && map->edited[next].whole.data() == entry.whole_data;
    if (is_edited) take_over_until(next + 1);
    if (is_edited && edited.back().is_removed) return true;
    if (!is_wanted(entry.key())) return true;
    is_found = true;
    if (is_edited) {
      edited.back().is_removed = true;
      return true;
    }
    if (!scratch.charge(2 * sizeof(EditedEntry))) return false;
    edited.push_back({entry.whole(), {entry.key(), Value()}, true});
    return true;
  });
  if (!has_room) return false;
  if (is_found) map->edited = std::move(edited);
  std::erase_if(map->entries, [&](const MapEntry& entry) { return is_wanted(entry.key); });
  return true;
}

// Whether `is_wanted(key)` holds for an entry.
template <class IsWanted>
bool any_key(const Value& map, const IsWanted& is_wanted) {
  bool is_found = false;
  if (map.map != nullptr && map.map->has_base()) {
    const bool has_none = for_each_present(
        *map.map,
        [&](const ReceivedEntry& entry, const EditedEntry*) { return !is_wanted(entry.key()); });
    if (!has_none) return true;
    for (const MapEntry& entry : map.map->entries) {
      if (is_wanted(entry.key)) return true;
    }
    return false;
  }
  for_each_part(
      map,
      [&](otlp::MessageBytes received) {
        is_found = is_wanted(otlp::read_key(received));
        return !is_found;
      },
      [&](const MapEntry& entry) {
        is_found = is_wanted(entry.key);
        return !is_found;
      });
  return is_found;
}

}  // namespace millrace::ottl
