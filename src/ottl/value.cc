#include "ottl/value.h"

#include <algorithm>
#include <utility>

namespace millrace::ottl {

Value Value::of_number(Type type, int64_t number) {
  Value value;
  value.type = type;
  value.number = number;
  return value;
}

Value Value::of_double(double real) {
  Value value;
  value.type = Type::kDouble;
  value.real = real;
  return value;
}

Value Value::of_text(Type type, std::string_view text) {
  Value value;
  value.type = type;
  value.text = text;
  return value;
}

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

Value Value::of_any(otlp::MessageBytes any_value) {
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

void Scratch::clear() {
  const bool is_large = bytes_ > kBytesFree;
  bytes_ = 0;
  was_refused_ = false;
  if (is_empty()) return;
  made_->texts.clear();
  made_->lists.clear();
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
  if (all.map_count == all.maps.size()) all.maps.emplace_back();
  Map& map = all.maps[all.map_count++];
  map.entries.clear();
  return &map;
}

namespace {

template <class Reader>
std::optional<Value> find_received(Reader reader, std::string_view key) {
  for (otlp::MessageBytes entry; reader.next(&entry);) {
    const auto pair = otlp::KeyValueView::read(entry);
    if (pair.key == key) return Value::of_any(pair.value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> find_entry(const Value& map, std::string_view key) {
  if (map.map != nullptr) {
    const Value* const found = std::as_const(*map.map).find(key);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  if (map.field_number != 0) {
    return find_received(otlp::MessageReader(map.wire, map.field_number), key);
  }
  return find_received(otlp::ElementReader(otlp::AnyValueView::read(map.wire)), key);
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
  if (map.map != nullptr) return map.map;
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
    for (const MapEntry& entry : value.map->entries) {
      if (!scratch.charge(2 * sizeof(MapEntry))) break;
      copy->entries.push_back({entry.key, copy_value(entry.value, scratch)});
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

Value copy_deep(const Value& value, Scratch& scratch) {
  Value copy = value;
  if (!value.text.empty()) copy.text = scratch.keep(std::string(value.text));
  if (value.map != nullptr) {
    copy.map = scratch.make_map();
    for (const MapEntry& entry : value.map->entries) {
      if (!scratch.charge(2 * sizeof(MapEntry))) break;
      copy.map->entries.push_back(
          {scratch.keep(std::string(entry.key)), copy_deep(entry.value, scratch)});
    }
  } else if (value.list != nullptr) {
    copy.list = scratch.make_list();
    for (const Value& element : value.list->elements) {
      if (!scratch.charge(2 * sizeof(Value))) break;
      copy.list->elements.push_back(copy_deep(element, scratch));
    }
  } else if (!value.wire.empty()) {
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
