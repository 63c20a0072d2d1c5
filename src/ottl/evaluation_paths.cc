// How an evaluation reads and changes what paths and keys lead to.
#include <algorithm>

#include "ottl/edited_map.h"
#include "ottl/evaluation.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

// The value of a member of a tracestate (W3C Trace Context, 3.3); empty when it is not there.
std::string_view find_member(std::string_view state, std::string_view key) {
  while (!state.empty()) {
    std::string_view member = state.substr(0, state.find(','));
    state.remove_prefix(std::min(member.size() + 1, state.size()));
    while (member.starts_with(' ')) member.remove_prefix(1);
    if (member.size() > key.size() && member.starts_with(key) && member[key.size()] == '=') {
      return member.substr(key.size() + 1);
    }
  }
  return {};
}

bool is_member_key(std::string_view key) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !key.empty() && key.size() <= 256 && is_plain(key[0]) &&
         std::ranges::all_of(
             key, [&](char c) { return is_plain(c) || std::string_view("_-*/@").contains(c); });
}

bool is_member_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::ranges::all_of(value,
                             [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

// The state with the member in front. A key or value that is not valid changes nothing.
std::string set_member(std::string_view state, std::string_view key, std::string_view value) {
  if (!is_member_key(key) || !is_member_value(value)) return std::string(state);
  std::string changed = std::string(key) + "=" + std::string(value);
  while (!state.empty()) {
    const std::string_view member = state.substr(0, state.find(','));
    state.remove_prefix(std::min(member.size() + 1, state.size()));
    const std::string_view name = member.substr(0, member.find('='));
    if (name.substr(std::min(name.find_first_not_of(' '), name.size())) == key) continue;
    changed += "," + std::string(member);
  }
  return changed;
}

}  // namespace

Evaluated<const Value*> Evaluation::key_of(const Node& key, Value* room) {
  const auto value = operand(key, room);
  if (!value || (*value)->is(V::kString) || (*value)->is(V::kInt)) return value;
  return error("a key must be a string or an integer, found " +
               std::string(type_name((*value)->type)));
}

Evaluated<Value> Evaluation::read_path(const Node& path) {
  const Field field = path.path->field;
  if (field == Field::kCache) return read_keys(path, 0, Value::of_map(item_.cache));
  const Record& record = item_.at(path.path_context);
  if (path.keys.empty()) return record.read(field, scratch_);
  if (path.path->type == PathType::kMap) {
    Value room;
    const auto key = key_of(path.keys[0], &room);
    if (!key) return error(key.error());
    if ((*key)->is(V::kString)) {
      const auto found = record.read_entry(field, (*key)->text, scratch_);
      if (!found) return Value();
      if (path.keys.size() == 1) return *found;
      return read_keys(path, 1, *found);
    }
  }
  return read_keys(path, 0, record.read(field, scratch_));
}

// What the keys from `first` on lead to in a value.
Evaluated<Value> Evaluation::read_keys(const Node& path, size_t first, Value value) {
  for (size_t i = first; i < path.keys.size(); i++) {
    Value room;
    const auto found_key = key_of(path.keys[i], &room);
    if (!found_key) return error(found_key.error());
    const Value& key = **found_key;
    if (path.path->field == Field::kTraceState) {
      return Value::of_string(find_member(value.text, key.text));
    }
    if (value.is(V::kMap) && key.is(V::kString)) {
      const auto found = find_entry(value, key.text);
      if (!found) return Value();
      value = *found;
    } else if (value.is(V::kList) && key.is(V::kInt)) {
      const auto found = find_element(value, key.number);
      if (!found) return error("the index is out of bounds");
      value = *found;
    } else {
      return error("no element " + std::string(type_name(key.type)) + " of " +
                   std::string(type_name(value.type)));
    }
  }
  return value;
}

// Unlike a path, the result of a call must have the element.
Evaluated<Value> Evaluation::index_result(Value value, const Node& call) {
  for (const Node& node : call.keys) {
    Value room;
    const auto found_key = key_of(node, &room);
    if (!found_key) return error(found_key.error());
    const Value& key = **found_key;
    std::optional<Value> found;
    if (value.is(V::kMap) && key.is(V::kString)) {
      found = find_entry(value, key.text);
    } else if (value.is(V::kList) && key.is(V::kInt)) {
      found = find_element(value, key.number);
    }
    if (!found) return error("the result has no such element");
    value = *found;
  }
  return value;
}

Evaluated<Value*> Evaluation::step_into(Value* value, const Node& node) {
  Value room;
  const auto found_key = key_of(node, &room);
  if (!found_key) return error(found_key.error());
  const Value& key = **found_key;
  if (value->is_nil()) {
    *value = key.is(V::kString) ? Value::of_map(scratch_.make_map())
                                : Value::of_list(scratch_.make_list());
    if (key.is(V::kInt)) {
      const auto count = static_cast<size_t>(std::max<int64_t>(key.number, 0)) + 1;
      if (!scratch_.charge(count * sizeof(Value))) return error("the index is too large");
      value->list->elements.resize(count);
    }
  }
  if (value->is(V::kMap) && key.is(V::kString)) {
    Map* const edited = to_edited_map(*value, scratch_);
    if (scratch_.failed()) return error(std::string(kTooMuchData));
    value->map = edited;
    Value* const entry = edit_entry(edited, key.text, scratch_);
    if (entry == nullptr) return error("the map is too large");
    return entry;
  }
  if (value->is(V::kList) && key.is(V::kInt)) {
    List* const own = to_own_list(*value, scratch_);
    if (scratch_.failed()) return error(std::string(kTooMuchData));
    value->list = own;
    if (key.number < 0 || key.number >= static_cast<int64_t>(value->list->elements.size())) {
      return error("the index is out of bounds");
    }
    return &value->list->elements[static_cast<size_t>(key.number)];
  }
  return error("no element " + std::string(type_name(key.type)) + " of " +
               std::string(type_name(value->type)));
}

Evaluated<void> Evaluation::set_trace_state(const Node& path, const Value& value) {
  Value room;
  const auto key = key_of(path.keys[0], &room);
  if (!key) return error(key.error());
  if (!value.is(V::kString) || !(*key)->is(V::kString)) return error("a member must be a string");
  Record& record = item_.at(path.path_context);
  const Value state = record.read(Field::kTraceState, scratch_);
  const Value changed =
      Value::of_string(scratch_.keep(set_member(state.text, (*key)->text, value.text)));
  auto refused = record.write(Field::kTraceState, changed, scratch_);
  if (refused) return error(std::move(*refused));
  return {};
}

Evaluated<void> Evaluation::set(const Node& path, const Value& value) {
  const Field field = path.path->field;
  if (count_levels(value) + path.keys.size() > kValueLevelsMax) {
    return error("the value would have too many levels of maps and lists");
  }
  const Value copy = copy_value(value, scratch_);
  if (scratch_.failed()) return error(std::string(kTooMuchData));
  if (field == Field::kCache && path.keys.empty()) {
    if (!copy.is(V::kMap) && !copy.is_nil()) return error("the cache must be a map");
    item_.cache->entries =
        copy.is_nil() ? std::vector<MapEntry>() : to_own_map(copy, scratch_)->entries;
    return {};
  }
  if (path.keys.empty()) {
    auto refused = item_.at(path.path_context).write(field, copy, scratch_);
    if (refused) return error(std::move(*refused));
    return {};
  }
  if (field == Field::kTraceState) return set_trace_state(path, copy);
  Value cache = Value::of_map(item_.cache);
  Value* target = field == Field::kCache
                      ? &cache
                      : item_.at(path.path_context).change(field, scratch_, to_edited_map);
  if (target == nullptr) return error(std::string(kTooMuchData));
  if (field == Field::kBody && target->is_nil()) return error("an empty body has no elements");
  for (const Node& key : path.keys) {
    const auto inside = step_into(target, key);
    if (!inside) return error(inside.error());
    target = *inside;
  }
  if (copy.is(V::kTime) || copy.is(V::kDuration) || copy.is(V::kTraceId) || copy.is(V::kSpanId) ||
      copy.is(V::kMessages)) {
    return error("an attribute cannot be a " + std::string(type_name(copy.type)));
  }
  *target = copy;
  return {};
}

Evaluated<Value*> Evaluation::locate(const Node& path, Record::ToMap* to_map) {
  const Field field = path.path->field;
  if (field == Field::kCache && path.keys.empty()) return error("the cache cannot be edited whole");
  Value cache = Value::of_map(item_.cache);
  Value* target =
      field == Field::kCache ? &cache : item_.at(path.path_context).change(field, scratch_, to_map);
  if (target == nullptr) return error(std::string(kTooMuchData));
  for (const Node& key : path.keys) {
    const auto inside = step_into(target, key);
    if (!inside) return error(inside.error());
    target = *inside;
  }
  return target;
}

}  // namespace millrace::ottl
