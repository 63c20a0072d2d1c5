// Maps and lists.
#include <algorithm>
#include <cmath>
#include <vector>

#include "ottl/arguments.h"
#include "ottl/compare.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/map_builder.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Result = Evaluated<Value>;

Result coalesce(Arguments& arguments) {
  for (const Node& node : arguments.node(0).children) {
    auto value = arguments.evaluation().value_of(node);
    if (!value || !value->is_nil()) return value;
  }
  return Value();
}

Result contains_value(Arguments& arguments) {
  const auto list = arguments.value(0, V::kList);
  if (!list) return list;
  const auto item = arguments.value(1);
  if (!item) return item;
  bool is_found = false;
  for_each_element(*list, [&](const Value& element) {
    is_found = compare(element, *item, Comparison::kEqual);
    return !is_found;
  });
  return Value::of_bool(is_found);
}

Result keys_of(Arguments& arguments, bool wants_keys) {
  const auto map = arguments.value(0, V::kMap);
  if (!map) return map;
  List* const list = arguments.scratch().make_list();
  for_each_entry(*map, [&](std::string_view key, const Value& value) {
    if (!arguments.scratch().charge(2 * sizeof(Value))) return false;
    list->elements.push_back(wants_keys ? Value::of_string(key) : value);
    return true;
  });
  return Value::of_list(list);
}

// The place of a value in a list, or of a text in a text; -1 where there is none.
Result index_of(Arguments& arguments) {
  const auto target = arguments.value(0);
  if (!target) return target;
  const auto wanted = arguments.value(1);
  if (!wanted) return wanted;
  if (target->is(V::kString)) {
    if (!wanted->is(V::kString)) return error("only a string can be in a string");
    const size_t at = target->text.find(wanted->text);
    return Value::of_int(at == std::string_view::npos ? -1 : static_cast<int64_t>(at));
  }
  if (!target->is(V::kList)) {
    return error("expected list or string, found " + std::string(type_name(target->type)));
  }
  int64_t index = 0;
  int64_t found = -1;
  for_each_element(*target, [&](const Value& element) {
    if (compare(element, *wanted, Comparison::kEqual)) found = index;
    index++;
    return found < 0;
  });
  return Value::of_int(found);
}

// Numbers are sorted as numbers, and all else as text, unless maps, lists or bytes are among them.
Result sort_list(Arguments& arguments) {
  const auto target = arguments.value(0, V::kList);
  if (!target) return target;
  const bool descends = arguments.literal(1, "asc") == "desc";
  struct Key {
    double number;
    std::string text;
    Value value;
    size_t index;
  };
  std::vector<Key> keys;
  bool are_ints = true;
  bool are_numbers = true;
  bool can_sort = true;
  for_each_element(*target, [&](const Value& element) {
    are_ints &= element.is(V::kInt);
    are_numbers &= element.is(V::kInt) || element.is(V::kDouble);
    can_sort = are_numbers || element.is(V::kInt) || element.is(V::kDouble) ||
               element.is(V::kString) || element.is(V::kBool) || element.is_nil();
    const double number = element.is(V::kInt) ? static_cast<double>(element.number) : element.real;
    keys.push_back({number, {}, element, keys.size()});
    return can_sort && arguments.scratch().charge(2 * sizeof(Key));
  });
  if (!can_sort) return *target;
  if (!are_numbers) {
    for (Key& key : keys) {
      key.text = attribute_text(key.value);
      if (!arguments.scratch().charge(key.text.size())) return Value();
    }
  }
  const auto is_less = [&](const Key& a, const Key& b) {
    if (are_ints) return a.value.number < b.value.number;
    // As in Go, NaN comes first.
    if (are_numbers) return a.number < b.number || (std::isnan(a.number) && !std::isnan(b.number));
    return a.text < b.text;
  };
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (descends ? is_less(b, a) : is_less(a, b)) return true;
    if (descends ? is_less(a, b) : is_less(b, a)) return false;
    return a.index < b.index;
  });
  List* const list = arguments.scratch().make_list();
  for (const Key& key : keys) list->elements.push_back(key.value);
  return Value::of_list(list);
}

// The value that keys, written in the statement, lead to.
Result find_path(Value value, const Node& path) {
  if (path.children.empty()) return error("the path has no key");
  for (const Node& key : path.children) {
    const auto found = value.is(V::kMap) ? find_entry(value, key.constant.text) : std::nullopt;
    if (!found) return error("an element has no value at the path");
    value = *found;
  }
  return value;
}

Result slice_to_map(Arguments& arguments) {
  const auto list = arguments.value(0, V::kList);
  if (!list) return list;
  Scratch& scratch = arguments.scratch();
  Map* const map = scratch.make_map();
  MapBuilder builder(map, scratch);
  Result made = Value::of_map(map);
  size_t index = 0;
  for_each_element(*list, [&](const Value& element) {
    Result key = Value::of_string("");
    Result value = element;
    if (arguments.has(1)) key = find_path(element, arguments.node(1));
    if (arguments.has(2)) value = find_path(element, arguments.node(2));
    if (!key || !value) {
      made = key ? value : key;
    } else if (!key->is(V::kString)) {
      made = error("the key of an element must be a string, found " +
                   std::string(type_name(key->type)));
    } else {
      builder.put(arguments.has(1) ? key->text : scratch.keep(std::to_string(index)), *value);
    }
    index++;
    return made.has_value() && !scratch.failed();
  });
  return made;
}

constexpr ConverterRow kConverters[] = {
    {F::kCoalesce, coalesce},
    {F::kContainsValue, contains_value},
    {F::kIndex, index_of},
    {F::kKeys, [](Arguments& a) { return keys_of(a, true); }},
    {F::kValues, [](Arguments& a) { return keys_of(a, false); }},
    {F::kSort, sort_list},
    {F::kSliceToMap, slice_to_map},
};

}  // namespace

std::span<const ConverterRow> list_converters() { return kConverters; }

}  // namespace millrace::ottl
