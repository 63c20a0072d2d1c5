#include "ottl/edited_map.h"

#include <algorithm>
#include <functional>

namespace millrace::ottl {
Map* to_edited_map(const Value& map, Scratch& scratch) {
  if (map.map != nullptr) return map.map;
  if (map.field_number == 0) return to_own_map(map, scratch);
  Map* const edited = scratch.make_map();
  edited->base = map.wire;
  edited->base_field = map.field_number;
  return edited;
}

Value* edit_entry(Map* map, std::string_view key, Scratch& scratch) {
  ReceivedPlace place;
  if (map->has_base()) place = find_received(*map, key);
  if (place.edited != nullptr) {
    return &map->edited[static_cast<size_t>(place.edited - map->edited.data())].entry.value;
  }
  if (!place.entry) {
    if (Value* const present = map->find(key)) return present;
    if (!scratch.charge(2 * sizeof(MapEntry))) return nullptr;
    return &map->entries.emplace_back(MapEntry{key, Value()}).value;
  }
  if (!scratch.charge(2 * sizeof(EditedEntry))) return nullptr;
  const otlp::MessageBytes whole = place.entry->whole();
  const auto behind =
      std::ranges::upper_bound(map->edited, whole.data(), std::less<>(),
                               [](const EditedEntry& edited) { return edited.whole.data(); });
  const auto pair = otlp::read_key_value(place.entry->content());
  return &map->edited.insert(behind, {whole, {pair.key, Value::of_any(pair.value)}})->entry.value;
}

}  // namespace millrace::ottl
