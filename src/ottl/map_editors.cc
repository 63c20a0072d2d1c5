#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/converters.h"
#include "ottl/edited_map.h"
#include "ottl/editor_target.h"
#include "ottl/map_builder.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;

// The first argument without a copy; null: it is no map.
const Value* look_at_map(Arguments& arguments, Value* room) {
  const Value* const value = arguments.look_at(0, room);
  return value != nullptr && value->is(V::kMap) ? value : nullptr;
}
Done no_map(Arguments& arguments) { return error(arguments.value(0, V::kMap).error()); }

Done remove_wanted(Arguments& arguments, const auto& is_wanted) {
  Value room;
  const Value* const value = look_at_map(arguments, &room);
  if (value == nullptr) return no_map(arguments);
  if (!any_key(*value, is_wanted)) return {};
  const auto map = edited_map(arguments);
  if (!map) return error(map.error());
  if (!remove_keys(*map, is_wanted, arguments.scratch())) return error(std::string(kTooMuchData));
  return {};
}

Done set(Arguments& arguments) {
  Value room;
  const Value* const value = arguments.evaluation().look_at(arguments.node(1), &room);
  if (value == nullptr) return error(arguments.evaluation().take_error());
  return arguments.evaluation().set(arguments.node(0), *value);
}

Done delete_key(Arguments& arguments) {
  const auto key = arguments.text(1);
  if (!key) return error(key.error());
  return remove_wanted(arguments, [&](std::string_view name) { return name == *key; });
}

Done delete_matching_keys(Arguments& arguments, bool keeps_matches) {
  const auto pattern = arguments.pattern(1);
  if (!pattern) return error(pattern.error());
  return remove_wanted(arguments, [&](std::string_view name) {
    return (*pattern)->is_found_in(name) != keeps_matches;
  });
}

Done keep_keys(Arguments& arguments) {
  std::vector<std::string_view> kept;
  for (const Node& node : arguments.node(1).children) {
    const auto key = arguments.evaluation().value_of(node);
    if (!key) return error(key.error());
    if (!key->is(V::kString)) return error("the keys must be strings");
    kept.push_back(key->text);
  }
  return remove_wanted(arguments, [&](std::string_view name) {
    return std::ranges::find(kept, name) == kept.end();
  });
}

Done limit(Arguments& arguments) {
  const auto value = arguments.value(0, V::kMap);
  if (!value) return error(value.error());
  const int64_t limit_count = arguments.number(1, 0);
  if (static_cast<int64_t>(count_entries(*value)) <= limit_count) return {};
  std::vector<std::string_view> kept;
  int64_t count = 0;
  for (const Node& node : arguments.node(2).children) {
    kept.push_back(node.constant.text);
    if (find_entry(*value, node.constant.text)) count++;
  }
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  std::erase_if((*map)->entries, [&](const MapEntry& entry) {
    if (std::ranges::find(kept, entry.key) != kept.end()) return false;
    return count++ >= limit_count;
  });
  return {};
}

Done merge_maps(Arguments& arguments) {
  const auto source = arguments.value(1, V::kMap);
  if (!source) return error(source.error());
  const std::string_view strategy = arguments.literal(2, "");
  if (count_levels(*source) + arguments.node(0).keys.size() > kValueLevelsMax) {
    return error("the map would have too many levels of maps and lists");
  }
  // The source may be the target or a part of it.
  const Value copy = copy_value(*source, arguments.scratch());
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  MapBuilder builder(*map, arguments.scratch());
  for_each_entry(copy, [&](std::string_view key, const Value& value) {
    Value* const present = builder.find(key);
    if (present != nullptr && strategy != "insert") *present = value;
    if (present == nullptr && strategy != "update") builder.put(key, value);
    return !arguments.scratch().failed();
  });
  return {};
}

Done truncate_all(Arguments& arguments) {
  const auto limit_bytes = static_cast<size_t>(arguments.number(1, 0));
  const std::string_view marker = arguments.literal(3, "");
  const auto is_long = [&](std::string_view, const Value& value) {
    return value.is(V::kString) && value.text.size() > limit_bytes;
  };
  Value room;
  const Value* const value = look_at_map(arguments, &room);
  if (value == nullptr) return no_map(arguments);
  bool is_found = false;
  for_each_part(
      *value,
      [&](otlp::MessageBytes received) {
        // A text is shorter than the entry that holds it.
        if (received.size() <= limit_bytes) return true;
        const auto pair = otlp::read_key_value(received);
        is_found = is_long(pair.key, Value::of_any(pair.value));
        return !is_found;
      },
      [&](const MapEntry& entry) {
        is_found = is_long(entry.key, entry.value);
        return !is_found;
      });
  if (!is_found) return {};
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  for (MapEntry& entry : (*map)->entries) {
    if (!is_long(entry.key, entry.value)) continue;
    // A part of a character would not be valid text, so the option to cut inside of one is ignored.
    size_t size = limit_bytes - marker.size();
    while (size > 0 && (static_cast<uint8_t>(entry.value.text[size]) & 0xc0) == 0x80) size--;
    const std::string_view cut = entry.value.text.substr(0, size);
    const std::string_view marked =
        marker.empty() ? cut : arguments.scratch().keep(std::string(cut) + std::string(marker));
    if (arguments.scratch().failed()) return {};
    entry.value.text = marked;
  }
  return {};
}

constexpr EditorRow kEditors[] = {
    {F::kSet, set},
    {F::kDeleteKey, delete_key},
    {F::kDeleteMatchingKeys, [](Arguments& a) { return delete_matching_keys(a, false); }},
    {F::kKeepMatchingKeys, [](Arguments& a) { return delete_matching_keys(a, true); }},
    {F::kKeepKeys, keep_keys},
    {F::kLimit, limit},
    {F::kMergeMaps, merge_maps},
    {F::kTruncateAll, truncate_all},
};

}  // namespace

std::span<const EditorRow> map_editors() { return kEditors; }

}  // namespace millrace::ottl
