#include "ottl/evaluation.h"

#include <algorithm>

#include "ottl/arguments.h"
#include "ottl/compare.h"

namespace millrace::ottl {
namespace {

using Op = Node::Op;
using V = Value::Type;

Evaluated<Value> calculate_ints(int64_t a, int64_t b, char sign) {
  // Overflow wraps, as in otelcol.
  const auto x = static_cast<uint64_t>(a);
  const auto y = static_cast<uint64_t>(b);
  if (sign == '+') return Value::of_int(static_cast<int64_t>(x + y));
  if (sign == '-') return Value::of_int(static_cast<int64_t>(x - y));
  if (sign == '*') return Value::of_int(static_cast<int64_t>(x * y));
  if (b == 0) return error("division by 0");
  return Value::of_int(b == -1 ? static_cast<int64_t>(0 - x) : a / b);
}

Evaluated<Value> calculate_doubles(double a, double b, char sign) {
  if (sign == '+') return Value::of_double(a + b);
  if (sign == '-') return Value::of_double(a - b);
  if (sign == '*') return Value::of_double(a * b);
  if (b == 0) return error("division by 0");
  return Value::of_double(a / b);
}

Evaluated<Value> calculate_times(const Value& a, const Value& b, char sign) {
  const bool adds = sign == '+';
  if (adds || sign == '-') {
    const auto number = static_cast<int64_t>(
        adds ? static_cast<uint64_t>(a.number) + static_cast<uint64_t>(b.number)
             : static_cast<uint64_t>(a.number) - static_cast<uint64_t>(b.number));
    if (a.is(V::kTime) && b.is(V::kDuration)) return Value::of_time(number);
    if (a.is(V::kTime) && b.is(V::kTime) && !adds) return Value::of_duration(number);
    if (a.is(V::kDuration) && b.is(V::kDuration)) return Value::of_duration(number);
    if (a.is(V::kDuration) && b.is(V::kTime) && adds) return Value::of_time(number);
  }
  return error("times and durations can be added and subtracted only");
}

Evaluated<Value> calculate(const Value& a, const Value& b, char sign) {
  const bool are_numbers =
      (a.is(V::kInt) || a.is(V::kDouble)) && (b.is(V::kInt) || b.is(V::kDouble));
  if (are_numbers && a.is(V::kInt) && b.is(V::kInt)) {
    return calculate_ints(a.number, b.number, sign);
  }
  const auto real = [](const Value& value) {
    return value.is(V::kInt) ? static_cast<double>(value.number) : value.real;
  };
  if (are_numbers) return calculate_doubles(real(a), real(b), sign);
  if (a.is(V::kTime) || a.is(V::kDuration)) return calculate_times(a, b, sign);
  return error("no arithmetic with " + std::string(type_name(a.type)) + " and " +
               std::string(type_name(b.type)));
}

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

Evaluated<bool> Evaluation::run(const CompiledStatement& statement) {
  if (statement.condition.op != Op::kAbsent) {
    const auto holds = test(statement.condition);
    if (!holds || !*holds) return holds;
  }
  Arguments arguments(statement.editor, *this);
  const auto done = statement.editor.editor(arguments);
  if (!done) return error(done.error());
  if (scratch_.failed()) return error(std::string(kTooMuchData));
  return true;
}

Evaluated<bool> Evaluation::test(const Node& node) {
  switch (node.op) {
    case Op::kConstant:
      return node.constant.number != 0;
    case Op::kAnd:
    case Op::kOr:
      for (const Node& child : node.children) {
        const auto holds = test(child);
        if (!holds || *holds == (node.op == Op::kOr)) return holds;
      }
      return node.op == Op::kAnd;
    case Op::kNot: {
      auto holds = test(node.children[0]);
      if (holds) *holds = !*holds;
      return holds;
    }
    case Op::kComparison: {
      const auto a = value_of(node.children[0]);
      if (!a) return error(a.error());
      const auto b = value_of(node.children[1]);
      if (!b) return error(b.error());
      return compare(*a, *b, node.comparison);
    }
    default: {
      const auto result = value_of(node.children[0]);
      if (!result) return error(result.error());
      if (!result->is(V::kBool)) {
        return error("a condition must be bool, found " + std::string(type_name(result->type)));
      }
      return result->number != 0;
    }
  }
}

Evaluated<Value> Evaluation::value_of(const Node& node) {
  switch (node.op) {
    case Op::kAbsent:
      return Value();
    case Op::kConstant:
      return node.constant;
    case Op::kPath:
      return read_path(node);
    case Op::kCall: {
      Arguments arguments(node, *this);
      auto result = node.converter(arguments);
      if (!result || node.keys.empty()) return result;
      return index_result(*result, node);
    }
    case Op::kList:
      return make_list(node);
    case Op::kMap:
      return make_map(node);
    case Op::kSum:
    case Op::kProduct:
    case Op::kNegation:
      return math(node);
    default: {
      const auto holds = test(node);
      if (!holds) return error(holds.error());
      return Value::of_bool(*holds);
    }
  }
}

Evaluated<Value> Evaluation::math(const Node& node) {
  auto total = value_of(node.children[0]);
  if (!total) return total;
  if (node.op == Op::kNegation) {
    if (total->is(V::kInt)) return calculate_ints(0, total->number, '-');
    if (total->is(V::kDouble)) return Value::of_double(-total->real);
    return error("no negative of " + std::string(type_name(total->type)));
  }
  for (size_t i = 1; i < node.children.size(); i++) {
    const auto operand = value_of(node.children[i]);
    if (!operand) return operand;
    total = calculate(*total, *operand, node.operators[i]);
    if (!total) return total;
  }
  return total;
}

Evaluated<Value> Evaluation::make_list(const Node& node) {
  List* const list = scratch_.make_list();
  for (const Node& child : node.children) {
    const auto element = value_of(child);
    if (!element) return element;
    list->elements.push_back(copy_value(*element, scratch_));
  }
  return Value::of_list(list);
}

Evaluated<Value> Evaluation::make_map(const Node& node) {
  Map* const map = scratch_.make_map();
  for (size_t i = 0; i < node.children.size(); i++) {
    const auto value = value_of(node.children[i]);
    if (!value) return value;
    map->erase(node.names[i]);
    map->entries.push_back({node.names[i], copy_value(*value, scratch_)});
  }
  return Value::of_map(map);
}

Evaluated<Value> Evaluation::key_of(const Node& key) {
  const auto value = value_of(key);
  if (!value) return value;
  if (value->is(V::kString) || value->is(V::kInt)) return value;
  return error("a key must be a string or an integer, found " +
               std::string(type_name(value->type)));
}

Evaluated<Value> Evaluation::read_path(const Node& path) {
  const Field field = path.path->field;
  Value value = field == Field::kCache ? Value::of_map(item_.cache)
                                       : item_.at(path.path_context).read(field, scratch_);
  for (const Node& node : path.keys) {
    const auto key = key_of(node);
    if (!key) return key;
    if (field == Field::kTraceState) return Value::of_string(find_member(value.text, key->text));
    if (value.is(V::kMap) && key->is(V::kString)) {
      const auto found = find_entry(value, key->text);
      if (!found) return Value();
      value = *found;
    } else if (value.is(V::kList) && key->is(V::kInt)) {
      int64_t index = 0;
      bool is_found = false;
      for_each_element(value, [&](const Value& element) {
        if (index++ != key->number) return true;
        value = element;
        is_found = true;
        return false;
      });
      if (!is_found) return error("the index is out of bounds");
    } else {
      return error("no element " + std::string(type_name(key->type)) + " of " +
                   std::string(type_name(value.type)));
    }
  }
  return value;
}

// Unlike a path, the result of a call must have the element.
Evaluated<Value> Evaluation::index_result(Value value, const Node& call) {
  for (const Node& node : call.keys) {
    const auto key = key_of(node);
    if (!key) return key;
    std::optional<Value> found;
    if (value.is(V::kMap) && key->is(V::kString)) {
      found = find_entry(value, key->text);
    } else if (value.is(V::kList) && key->is(V::kInt)) {
      int64_t index = 0;
      for_each_element(value, [&](const Value& element) {
        if (index++ == key->number) found = element;
        return !found;
      });
    }
    if (!found) return error("the result has no such element");
    value = *found;
  }
  return value;
}

Evaluated<Value*> Evaluation::step_into(Value* value, const Node& node) {
  const auto key = key_of(node);
  if (!key) return error(key.error());
  if (value->is_nil()) {
    *value = key->is(V::kString) ? Value::of_map(scratch_.make_map())
                                 : Value::of_list(scratch_.make_list());
    if (key->is(V::kInt)) {
      const auto count = static_cast<size_t>(std::max<int64_t>(key->number, 0)) + 1;
      if (!scratch_.charge(count * sizeof(Value))) return error("the index is too large");
      value->list->elements.resize(count);
    }
  }
  if (value->is(V::kMap) && key->is(V::kString)) {
    Map* const own = to_own_map(*value, scratch_);
    if (scratch_.failed()) return error(std::string(kTooMuchData));
    value->map = own;
    if (Value* const found = value->map->find(key->text)) return found;
    if (!scratch_.charge(2 * sizeof(MapEntry))) return error("the map is too large");
    value->map->entries.push_back({key->text, Value()});
    return &value->map->entries.back().value;
  }
  if (value->is(V::kList) && key->is(V::kInt)) {
    List* const own = to_own_list(*value, scratch_);
    if (scratch_.failed()) return error(std::string(kTooMuchData));
    value->list = own;
    if (key->number < 0 || key->number >= static_cast<int64_t>(value->list->elements.size())) {
      return error("the index is out of bounds");
    }
    return &value->list->elements[static_cast<size_t>(key->number)];
  }
  return error("no element " + std::string(type_name(key->type)) + " of " +
               std::string(type_name(value->type)));
}

Evaluated<void> Evaluation::set_trace_state(const Node& path, const Value& value) {
  const auto key = key_of(path.keys[0]);
  if (!key) return error(key.error());
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
  Value* target =
      field == Field::kCache ? &cache : item_.at(path.path_context).change(field, scratch_);
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

Evaluated<Value*> Evaluation::locate(const Node& path) {
  const Field field = path.path->field;
  if (field == Field::kCache && path.keys.empty()) return error("the cache cannot be edited whole");
  Value cache = Value::of_map(item_.cache);
  Value* target =
      field == Field::kCache ? &cache : item_.at(path.path_context).change(field, scratch_);
  if (target == nullptr) return error(std::string(kTooMuchData));
  for (const Node& key : path.keys) {
    const auto inside = step_into(target, key);
    if (!inside) return error(inside.error());
    target = *inside;
  }
  return target;
}

}  // namespace millrace::ottl
