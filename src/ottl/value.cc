#include "ottl/value.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace millrace::ottl {

Value Value::of_map(Map* map) {
  Value value;
  value.type = Type::kMap;
  value.map = map;
  return value;
}

Value Value::of_list(List* list) {
  Value value;
  value.type = Type::kList;
  value.list = list;
  return value;
}

Value Value::of_attributes(otlp::MessageBytes message, uint32_t field_number) {
  Value value;
  value.type = Type::kMap;
  value.wire = message;
  value.field_number = field_number;
  return value;
}

Value Value::of_any_form(otlp::MessageBytes any_value) {
  using Wire = otlp::AnyValueView::Type;
  const auto view = otlp::AnyValueView::read(any_value);
  Value value;
  switch (view.type) {
    case Wire::kEmpty:
      break;
    case Wire::kString:
      return of_string(view.text);
    case Wire::kBytes:
      return of_bytes(view.text);
    case Wire::kBool:
      return of_bool(view.int_value != 0);
    case Wire::kInt:
      return of_int(view.int_value);
    case Wire::kDouble:
      return of_double(view.double_value);
    case Wire::kArray:
      value.type = Type::kList;
      value.wire = any_value;
      break;
    case Wire::kKvlist:
      value.type = Type::kMap;
      value.wire = any_value;
      break;
  }
  return value;
}

void Map::clear() {
  entries.clear();
  base = {};
  base_field = 0;
  index = nullptr;
  edited.clear();
}

Value* Map::find(std::string_view key) {
  const auto found = std::ranges::find(entries, key, &MapEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

const Value* Map::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &MapEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

void Map::erase(std::string_view key) {
  const auto found = std::ranges::find(entries, key, &MapEntry::key);
  if (found != entries.end()) entries.erase(found);
}

std::string_view Scratch::keep(std::string text) {
  if (!charge(text.size() + sizeof text)) return {};
  return made().texts.emplace_back(std::move(text));
}

void Scratch::forget() {
  const bool is_large = bytes_ > kBytesFree;
  bytes_ = 0;
  was_refused_ = false;
  if (made_ == nullptr) return;
  if (!made_->texts.empty()) made_->texts.clear();
  if (!made_->lists.empty()) made_->lists.clear();
  made_->map_count = 0;
  if (is_large) made_->maps.clear();
}

bool Scratch::try_grow() {
  if (bytes_ > kBytesMax || was_refused_) return false;
  const size_t wanted = std::min(kBytesMax, std::max(bytes_, 2 * granted_));
  if (budget_ != nullptr) {
    auto more = Reservation::try_make(*budget_, MemoryTerm::kWork, wanted);
    was_refused_ = !more;
    if (was_refused_) return false;
    memory_ = std::move(more);
  }
  granted_ = wanted;
  return true;
}

Map* Scratch::make_map() {
  Made& all = made();
  if (all.map_count == all.maps.size()) all.maps.push_back(std::make_unique<Map>());
  Map& map = *all.maps[all.map_count++];
  map.clear();
  return &map;
}

namespace {

bool lies_in(otlp::MessageBytes part, otlp::MessageBytes whole) {
  return !part.empty() && std::less_equal<>()(whole.data(), part.data()) &&
         std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size());
}

MapEntry copy_deep(const MapEntry& entry, Scratch& scratch, otlp::MessageBytes lasting) {
  const bool lasts = lies_in(as_span(entry.key), lasting);
  return {lasts ? entry.key : scratch.keep(std::string(entry.key)),
          copy_deep(entry.value, scratch, lasting)};
}

// The base and its changes.
template <class CopyEntry>
bool copy_base(const Map& from, Map* into, Scratch& scratch, const CopyEntry& copy_entry) {
  into->base = from.base;
  into->base_field = from.base_field;
  if (from.edited.empty()) return true;
  if (!scratch.charge(2 * from.edited.size() * sizeof(EditedEntry))) return false;
  for (const EditedEntry& edited : from.edited) {
    into->edited.push_back({edited.whole, copy_entry(edited.entry), edited.is_removed});
  }
  return true;
}

Map* copy_map_deep(const Value& value, Scratch& scratch, otlp::MessageBytes lasting) {
  Map* const copy = scratch.make_map();
  const Map* from = value.map;
  const auto copy_entry = [&](const MapEntry& entry) { return copy_deep(entry, scratch, lasting); };
  if (from->has_base() && !lies_in(from->base, lasting)) {
    from = to_own_map(value, scratch);
  } else if (!copy_base(*from, copy, scratch, copy_entry)) {
    return copy;
  }
  for (const MapEntry& entry : from->entries) {
    if (!scratch.charge(2 * sizeof(MapEntry))) break;
    copy->entries.push_back(copy_entry(entry));
  }
  return copy;
}

std::optional<Value> find_made(const Map& map, std::string_view key) {
  if (map.has_base()) {
    const ReceivedPlace place = find_received(map, key);
    if (place.edited != nullptr) return place.edited->entry.value;
    if (place.entry) return place.entry->value();
  }
  const auto made = std::ranges::find(map.entries, key, &MapEntry::key);
  if (made == map.entries.end()) return std::nullopt;
  return made->value;
}

std::optional<Value> find_attribute(otlp::MessageBytes message, uint32_t field_number,
                                    std::string_view key) {
  const wire::LenField found = otlp::find_key_value(message, field_number, key);
  if (found.bytes.data() == nullptr) return std::nullopt;
  return Value::of_any(otlp::read_key_value(found.bytes).value);
}

}  // namespace

ReceivedPlace find_received(const Map& map, std::string_view key) {
  ReceivedPlace found;
  const bool is_indexed =
      map.index != nullptr && map.index->is_ready([&] { return map.base_field; });
  if (map.edited.empty() && is_indexed) {
    if (const ReceivedEntry* const entry = map.index->find(key)) found.entry = *entry;
    return found;
  }
  if (map.edited.empty()) {
    const wire::LenField field = otlp::find_key_value(map.base, map.base_field, key);
    if (field.bytes.data() == nullptr) return found;
    found.entry =
        ReceivedEntry{key.data(), field.bytes.data(), field.whole.data(),
                      static_cast<uint32_t>(key.size()), static_cast<uint32_t>(field.bytes.size())};
    return found;
  }
  for_each_present(map, [&](const ReceivedEntry& entry, const EditedEntry* edited) {
    if (entry.key() != key) return true;
    found.entry = entry;
    found.edited = edited;
    return false;
  });
  return found;
}

std::optional<Value> find_entry(const Value& map, std::string_view key) {
  if (map.map == nullptr && map.field_number != 0) {
    return find_attribute(map.wire, map.field_number, key);
  }
  if (map.map != nullptr) return find_made(*map.map, key);
  otlp::ElementReader reader(otlp::AnyValueView::read(map.wire));
  for (otlp::MessageBytes entry; reader.next(&entry);) {
    const auto pair = otlp::read_key_value(entry);
    if (pair.key == key) return Value::of_any(pair.value);
  }
  return std::nullopt;
}

std::optional<Value> find_element(const Value& list, int64_t index) {
  std::optional<Value> found;
  int64_t i = 0;
  for_each_element(list, [&](const Value& element) {
    if (i++ == index) found = element;
    return !found;
  });
  return found;
}

size_t count_entries(const Value& map) {
  size_t count = 0;
  for_each_entry(map, [&](std::string_view, const Value&) { return ++count > 0; });
  return count;
}

size_t count_elements(const Value& list) {
  size_t count = 0;
  for_each_element(list, [&](const Value&) { return ++count > 0; });
  return count;
}

Map* to_own_map(const Value& map, Scratch& scratch) {
  if (map.map != nullptr && !map.map->has_base()) return map.map;
  Map* const own = scratch.make_map();
  for_each_entry(map, [&](std::string_view key, const Value& value) {
    if (!scratch.charge(2 * sizeof(MapEntry))) return false;
    own->entries.push_back({key, value});
    return true;
  });
  return own;
}

List* to_own_list(const Value& list, Scratch& scratch) {
  if (list.list != nullptr) return list.list;
  List* const own = scratch.make_list();
  for_each_element(list, [&](const Value& element) {
    if (!scratch.charge(2 * sizeof(Value))) return false;
    own->elements.push_back(element);
    return true;
  });
  return own;
}

// Recursion: as deep as the values that statements build (kValueLevelsMax).
Value copy_value(const Value& value, Scratch& scratch) {
  if (value.map != nullptr) {
    Map* const copy = scratch.make_map();
    const auto copy_entry = [&](const MapEntry& entry) {
      return MapEntry{entry.key, copy_value(entry.value, scratch)};
    };
    if (!copy_base(*value.map, copy, scratch, copy_entry)) return Value::of_map(copy);
    for (const MapEntry& entry : value.map->entries) {
      if (!scratch.charge(2 * sizeof(MapEntry))) break;
      copy->entries.push_back(copy_entry(entry));
    }
    return Value::of_map(copy);
  }
  if (value.list != nullptr) {
    List* const copy = scratch.make_list();
    for (const Value& element : value.list->elements) {
      if (!scratch.charge(2 * sizeof(Value))) break;
      copy->elements.push_back(copy_value(element, scratch));
    }
    return Value::of_list(copy);
  }
  return value;
}

Value copy_deep(const Value& value, Scratch& scratch, otlp::MessageBytes lasting) {
  Value copy = value;
  if (!value.text.empty() && !lies_in(as_span(value.text), lasting)) {
    copy.text = scratch.keep(std::string(value.text));
  }
  if (value.map != nullptr) {
    copy.map = copy_map_deep(value, scratch, lasting);
  } else if (value.list != nullptr) {
    copy.list = scratch.make_list();
    for (const Value& element : value.list->elements) {
      if (!scratch.charge(2 * sizeof(Value))) break;
      copy.list->elements.push_back(copy_deep(element, scratch, lasting));
    }
  } else if (!value.wire.empty() && !lies_in(value.wire, lasting)) {
    copy.wire = as_span(scratch.keep(std::string(as_text(value.wire))));
  }
  return copy;
}

size_t count_levels(const Value& value, size_t levels_max) {
  if (!value.is(Value::Type::kMap) && !value.is(Value::Type::kList)) return 0;
  if (levels_max == 0) return 1;
  size_t levels = 0;
  const auto look = [&](const Value& inside) {
    levels = std::max(levels, count_levels(inside, levels_max - 1));
    return levels < levels_max;
  };
  if (value.is(Value::Type::kMap)) {
    for_each_entry(value, [&](std::string_view, const Value& inside) { return look(inside); });
  } else {
    for_each_element(value, look);
  }
  return 1 + levels;
}

std::string_view type_name(Value::Type type) {
  static constexpr std::string_view kNames[] = {"nil",   "bool", "int",      "double",   "string",
                                                "bytes", "time", "duration", "trace id", "span id",
                                                "map",   "list", "messages"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace millrace::ottl
