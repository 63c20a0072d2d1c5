// Editors of lists, and those that change the shape of a map.
#include <unordered_map>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/editor_target.h"
#include "ottl/map_builder.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;

bool can_be_element(const Value& value) {
  switch (value.type) {
    case V::kTime:
    case V::kDuration:
    case V::kTraceId:
    case V::kSpanId:
    case V::kMessages:
      return false;
    default:
      return true;
  }
}

// A value that is no list becomes the first element of one.
Done append(Arguments& arguments) {
  const auto target = arguments.value(0);
  if (!target) return error(target.error());
  if (target->is(V::kMap) || !can_be_element(*target)) {
    return error("no list can be made of " + std::string(type_name(target->type)));
  }
  Scratch& scratch = arguments.scratch();
  List* const list = scratch.make_list();
  const auto add = [&](const Value& value) {
    if (!scratch.charge(2 * sizeof(Value))) return false;
    list->elements.push_back(value);
    return true;
  };
  if (target->is(V::kList)) {
    for_each_element(*target, add);
  } else if (!target->is_nil()) {
    add(*target);
  }
  const auto add_node = [&](const Node& node) -> Done {
    const auto value = arguments.evaluation().value_of(node);
    if (!value) return error(value.error());
    if (!can_be_element(*value)) {
      return error("no element of a list can be " + std::string(type_name(value->type)));
    }
    add(*value);
    return {};
  };
  if (arguments.has(1)) {
    if (const auto added = add_node(arguments.node(1)); !added) return added;
  }
  for (const Node& node : arguments.node(2).children) {
    if (const auto added = add_node(node); !added) return added;
  }
  return arguments.evaluation().set(arguments.node(0), Value::of_list(list));
}

Done delete_index(Arguments& arguments) {
  const auto target = arguments.value(0, V::kList);
  if (!target) return error(target.error());
  const auto start = arguments.value(1, V::kInt);
  if (!start) return error(start.error());
  int64_t end = start->number == INT64_MAX ? start->number : start->number + 1;
  if (arguments.has(2)) {
    const auto given = arguments.value(2, V::kInt);
    if (!given) return error(given.error());
    end = given->number;
  }
  const auto count = static_cast<int64_t>(count_elements(*target));
  const bool is_whole = start->number == 0 && end == count;
  if (!is_whole &&
      (start->number < 0 || start->number >= count || end < start->number || end > count)) {
    return error("the index is out of bounds: the list has " + std::to_string(count) + " elements");
  }
  if (start->number == end) return {};
  List* const left = arguments.scratch().make_list();
  int64_t index = 0;
  for_each_element(*target, [&](const Value& element) {
    const bool is_deleted = index >= start->number && index < end;
    index++;
    if (is_deleted) return true;
    if (!arguments.scratch().charge(2 * sizeof(Value))) return false;
    left->elements.push_back(element);
    return true;
  });
  return arguments.evaluation().set(arguments.node(0), Value::of_list(left));
}

// Moves the leaves of maps and lists in one another to one level: `a.b.0`.
class Flattening {
 public:
  Flattening(Map* into, Scratch& scratch, int64_t depth_max, bool keeps_conflicts)
      : scratch_(scratch),
        builder_(into, scratch),
        depth_max_(depth_max),
        keeps_conflicts_(keeps_conflicts) {}

  // Recursion: as deep as values are.
  void add_map(const Value& map, std::string_view prefix, int64_t depth) {
    for_each_entry(map, [&](std::string_view key, const Value& value) {
      add(prefix.empty() ? std::string(key) : std::string(prefix) + "." + std::string(key), value,
          depth);
      return !scratch_.failed();
    });
  }

 private:
  void add(const std::string& key, const Value& value, int64_t depth) {
    if (value.is(V::kMap) && depth < depth_max_) return add_map(value, key, depth + 1);
    if (!value.is(V::kList) || depth >= depth_max_) return put(key, value);
    size_t index = 0;
    for_each_element(value, [&](const Value& element) {
      const std::string name = key + "." + std::to_string(index++);
      const bool is_inside =
          (element.is(V::kMap) || element.is(V::kList)) && depth + 1 < depth_max_;
      if (is_inside && element.is(V::kMap)) {
        add_map(element, name, depth + 2);
      } else if (is_inside) {
        add_list(element, name, depth + 2);
      } else {
        put(keeps_conflicts_ ? key : name, element);
      }
      return !scratch_.failed();
    });
  }

  // A list in a list: otelcol writes no point between the index and what is before it.
  void add_list(const Value& list, const std::string& prefix, int64_t depth) {
    size_t index = 0;
    for_each_element(list, [&](const Value& element) {
      add(prefix + std::to_string(index++), element, depth + 1);
      return !scratch_.failed();
    });
  }

  void put(const std::string& key, const Value& value) {
    std::string name = key;
    if (keeps_conflicts_ && builder_.find(key) != nullptr) {
      name += "." + std::to_string(conflicts_[key]++);
    } else if (keeps_conflicts_) {
      conflicts_[key] = 0;
    }
    // The name is kept also where the key is there already: both have the same text.
    builder_.put(scratch_.keep(std::move(name)), value);
  }

  Scratch& scratch_;
  MapBuilder builder_;
  const int64_t depth_max_;
  const bool keeps_conflicts_;
  std::unordered_map<std::string, size_t> conflicts_;
};

Done flatten(Arguments& arguments) {
  const auto target = arguments.value(0, V::kMap);
  if (!target) return error(target.error());
  const bool keeps_conflicts = arguments.has(3) && arguments.node(3).constant.number != 0;
  Map* const map = arguments.scratch().make_map();
  Flattening flattening(map, arguments.scratch(), arguments.number(2, INT64_MAX - 4),
                        keeps_conflicts);
  flattening.add_map(*target, arguments.literal(1, ""), 0);
  return arguments.evaluation().set(arguments.node(0), Value::of_map(map));
}

Done stringify_all(Arguments& arguments) {
  const auto is_other = [](std::string_view, const Value& value) { return !value.is(V::kString); };
  const auto found = any_entry(arguments, is_other);
  if (!found) return error(found.error());
  if (!*found) return {};
  const auto map = own_map(arguments);
  if (!map) return error(map.error());
  for (MapEntry& entry : (*map)->entries) {
    if (entry.value.is(V::kString)) continue;
    const Value text = arguments.keep(attribute_text(entry.value));
    if (arguments.scratch().failed()) return {};
    entry.value = text;
  }
  return {};
}

constexpr EditorRow kEditors[] = {
    {F::kAppend, append},
    {F::kDeleteIndex, delete_index},
    {F::kFlatten, flatten},
    {F::kStringifyAll, stringify_all},
};

}  // namespace

std::span<const EditorRow> list_editors() { return kEditors; }

}  // namespace millrace::ottl
