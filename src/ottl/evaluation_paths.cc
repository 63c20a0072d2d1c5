// How an evaluation reads and changes what paths and keys lead to.
#include <algorithm>

#include "ottl/edited_map.h"
#include "ottl/evaluation.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

constexpr const char* kTooManyLevels = "the value would have too many levels of maps and lists";

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

const Value* Evaluation::key_of(const Node& key, Value* room) {
  const Value* const value = look_at(key, room);
  if (value == nullptr || value->is(V::kString) || value->is(V::kInt)) return value;
  return fail_step("a key must be a string or an integer, found " +
                   std::string(type_name(value->type)));
}

bool Evaluation::read_path(const Node& path, Value* into) {
  const Field field = path.path->field;
  if (field == Field::kCache) {
    *into = Value::of_map(item_.cache);
    return read_keys(path, 0, into);
  }
  const Record& record = item_.at(path.path_context);
  if (path.keys.empty()) {
    *into = record.read(field, scratch_);
    return true;
  }
  if (path.path->type == PathType::kMap) {
    const Node& node = path.keys[0];
    Value room;
    const Value* const key = node.is_constant() ? &node.constant : key_of(node, &room);
    if (key == nullptr) return false;
    if (key->is(V::kString)) {
      if (!record.read_entry(field, key->text, scratch_, into)) return true;
      return path.keys.size() == 1 || read_keys(path, 1, into);
    }
  }
  *into = record.read(field, scratch_);
  return read_keys(path, 0, into);
}

// What the keys from `first` on lead to in a value.
bool Evaluation::read_keys(const Node& path, size_t first, Value* value) {
  for (size_t i = first; i < path.keys.size(); i++) {
    Value room;
    const Value* const key = key_of(path.keys[i], &room);
    if (key == nullptr) return false;
    if (path.path->field == Field::kTraceState) {
      *value = Value::of_string(find_member(value->text, key->text));
      return true;
    }
    if (value->is(V::kMap) && key->is(V::kString)) {
      const auto found = find_entry(*value, key->text);
      *value = found.value_or(Value());
      if (!found) return true;
    } else if (value->is(V::kList) && key->is(V::kInt)) {
      const auto found = find_element(*value, key->number);
      if (!found) return fail("the index is out of bounds");
      *value = *found;
    } else {
      return fail("no element " + std::string(type_name(key->type)) + " of " +
                  std::string(type_name(value->type)));
    }
  }
  return true;
}

// Unlike a path, the result of a call must have the element.
bool Evaluation::index_result(const Node& call, Value* value) {
  for (const Node& node : call.keys) {
    Value room;
    const Value* const key = key_of(node, &room);
    if (key == nullptr) return false;
    std::optional<Value> found;
    if (value->is(V::kMap) && key->is(V::kString)) {
      found = find_entry(*value, key->text);
    } else if (value->is(V::kList) && key->is(V::kInt)) {
      found = find_element(*value, key->number);
    }
    if (!found) return fail("the result has no such element");
    *value = *found;
  }
  return true;
}

Value* Evaluation::step_into(Value* value, const Node& node) {
  Value room;
  const Value* const found_key = key_of(node, &room);
  if (found_key == nullptr) return nullptr;
  const Value& key = *found_key;
  if (value->is_nil()) {
    *value = key.is(V::kString) ? Value::of_map(scratch_.make_map())
                                : Value::of_list(scratch_.make_list());
    if (key.is(V::kInt)) {
      const auto count = static_cast<size_t>(std::max<int64_t>(key.number, 0)) + 1;
      if (!scratch_.charge(count * sizeof(Value))) return fail_step("the index is too large");
      value->list->elements.resize(count);
    }
  }
  if (value->is(V::kMap) && key.is(V::kString)) {
    Map* const edited = to_edited_map(*value, scratch_);
    if (scratch_.failed()) return fail_step(EvaluationError(kTooMuchData));
    value->map = edited;
    Value* const entry = edit_entry(edited, key.text, scratch_);
    return entry != nullptr ? entry : fail_step("the map is too large");
  }
  if (value->is(V::kList) && key.is(V::kInt)) {
    List* const own = to_own_list(*value, scratch_);
    if (scratch_.failed()) return fail_step(EvaluationError(kTooMuchData));
    value->list = own;
    if (key.number < 0 || key.number >= static_cast<int64_t>(value->list->elements.size())) {
      return fail_step("the index is out of bounds");
    }
    return &value->list->elements[static_cast<size_t>(key.number)];
  }
  return fail_step("no element " + std::string(type_name(key.type)) + " of " +
                   std::string(type_name(value->type)));
}

Evaluated<void> Evaluation::set_trace_state(const Node& path, const Value& value) {
  Value room;
  const Value* const key = key_of(path.keys[0], &room);
  if (key == nullptr) return error(take_error());
  if (!value.is(V::kString) || !key->is(V::kString)) return error("a member must be a string");
  Record& record = item_.at(path.path_context);
  const Value state = record.read(Field::kTraceState, scratch_);
  const Value changed =
      Value::of_string(scratch_.keep(set_member(state.text, key->text, value.text)));
  auto refused = record.write(Field::kTraceState, changed, scratch_);
  if (refused) return error(std::move(*refused));
  return {};
}

Evaluated<void> Evaluation::set(const Node& path, const Value& value) {
  if (scratch_.failed()) return error(std::string(kTooMuchData));
  if (!value.is(V::kMap) && !value.is(V::kList)) {
    if (path.keys.size() > kValueLevelsMax) return error(kTooManyLevels);
    return set_value(path, value);
  }
  if (count_levels(value) + path.keys.size() > kValueLevelsMax) return error(kTooManyLevels);
  const Value copy = copy_value(value, scratch_);
  if (scratch_.failed()) return error(std::string(kTooMuchData));
  return set_value(path, copy);
}

// Takes the value over.
Evaluated<void> Evaluation::set_value(const Node& path, const Value& value) {
  const Field field = path.path->field;
  if (field == Field::kCache && path.keys.empty()) {
    if (!value.is(V::kMap) && !value.is_nil()) return error("the cache must be a map");
    item_.cache->entries =
        value.is_nil() ? std::vector<MapEntry>() : to_own_map(value, scratch_)->entries;
    return {};
  }
  if (path.keys.empty()) {
    auto refused = item_.at(path.path_context).write(field, value, scratch_);
    if (refused) return error(std::move(*refused));
    return {};
  }
  if (field == Field::kTraceState) return set_trace_state(path, value);
  Value cache = Value::of_map(item_.cache);
  Value* target = field == Field::kCache
                      ? &cache
                      : item_.at(path.path_context).change(field, scratch_, to_edited_map);
  if (target == nullptr) return error(std::string(kTooMuchData));
  if (field == Field::kBody && target->is_nil()) return error("an empty body has no elements");
  for (const Node& key : path.keys) {
    target = step_into(target, key);
    if (target == nullptr) return error(take_error());
  }
  if (value.is(V::kTime) || value.is(V::kDuration) || value.is(V::kTraceId) ||
      value.is(V::kSpanId) || value.is(V::kMessages)) {
    return error("an attribute cannot be a " + std::string(type_name(value.type)));
  }
  *target = value;
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
    target = step_into(target, key);
    if (target == nullptr) return error(take_error());
  }
  return target;
}

}  // namespace millrace::ottl
