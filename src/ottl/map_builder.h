// Adds entries to a map that was made, each key once. Cost: constant for each entry, also where a
// message makes a map of a hundred thousand keys.
//
// One thread. The map and the scratch must outlive it, and nothing else may add to the map.
#pragma once

#include <string_view>
#include <unordered_map>

#include "ottl/value.h"

namespace millrace::ottl {

class MapBuilder {
 public:
  MapBuilder(Map* map, Scratch& scratch);

  // The value of the key, new or not; null when the scratch has no room left. Valid until the next
  // call. `key` must live as long as the map.
  Value* put(std::string_view key);
  void put(std::string_view key, const Value& value) {
    if (Value* const into = put(key)) *into = value;
  }
  Value* find(std::string_view key);

 private:
  // Smaller maps are searched.
  static constexpr size_t kSearchedEntriesMax = 16;

  void build_index();

  Map* map_;
  Scratch& scratch_;
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace millrace::ottl
