#include "ottl/map_builder.h"

namespace millrace::ottl {

MapBuilder::MapBuilder(Map* map, Scratch& scratch) : map_(map), scratch_(scratch) {}

void MapBuilder::build_index() {
  for (size_t i = 0; i < map_->entries.size(); i++) {
    index_.try_emplace(map_->entries[i].key, i);
  }
}

Value* MapBuilder::find(std::string_view key) {
  if (map_->entries.size() <= kSearchedEntriesMax) return map_->find(key);
  if (index_.empty()) build_index();
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &map_->entries[found->second].value;
}

Value* MapBuilder::put(std::string_view key) {
  if (Value* const present = find(key)) return present;
  if (!scratch_.charge(2 * sizeof(MapEntry))) return nullptr;
  map_->entries.push_back({key, Value()});
  if (!index_.empty()) index_.emplace(key, map_->entries.size() - 1);
  return &map_->entries.back().value;
}

}  // namespace millrace::ottl
