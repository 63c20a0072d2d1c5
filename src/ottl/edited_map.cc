#include "ottl/edited_map.h"

#include <algorithm>

namespace millrace::ottl {

Map* to_edited_map(const Value& map, Scratch& scratch) {
  if (map.map != nullptr) return map.map;
  if (map.field_number == 0) return to_own_map(map, scratch);
  Map* const edited = scratch.make_map();
  edited->base = map.wire;
  edited->base_field = map.field_number;
  wire::FieldSearch search(map.wire, map.field_number);
  for (wire::LenField field; (field = search.next_len()).bytes.data() != nullptr;) {
    if (!scratch.charge(2 * sizeof(ReceivedEntry))) break;
    edited->received.push_back({otlp::read_key_value(field.bytes).key, field.bytes, field.whole});
  }
  return edited;
}

Value* edit_entry(Map* map, std::string_view key, Scratch& scratch) {
  const auto has_key = [&](const ReceivedEntry& entry) {
    return entry.key == key && !entry.is_removed();
  };
  const auto received = std::ranges::find_if(map->received, has_key);
  if (received == map->received.end()) {
    if (Value* const present = map->find(key)) return present;
  } else if (!received->is_as_received()) {
    return &map->changed[received->change].value;
  }
  if (!scratch.charge(2 * sizeof(MapEntry))) return nullptr;
  if (received == map->received.end()) {
    map->entries.push_back({key, Value()});
    return &map->entries.back().value;
  }
  received->change = static_cast<uint32_t>(map->changed.size());
  map->changed.push_back({received->key, received->value()});
  return &map->changed.back().value;
}

}  // namespace millrace::ottl
