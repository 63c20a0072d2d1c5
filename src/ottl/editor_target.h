// The target of an editor. A failed or useless edit must make no copy, so editors look at the value
// of their target before they take it over.
#pragma once

#include <string>

#include "ottl/arguments.h"

namespace millrace::ottl {

// The first argument, which must be a map, as one that can be changed in place: it has no base.
Evaluated<Map*> own_map(Arguments& arguments);
// The same, for changes of single entries (edited_map.h).
Evaluated<Map*> edited_map(Arguments& arguments);

// Whether an entry of the first argument is wanted: `is_wanted(key, value)`.
template <class IsWanted>
Evaluated<bool> any_entry(Arguments& arguments, IsWanted&& is_wanted) {
  const auto value = arguments.value(0, Value::Type::kMap);
  if (!value) return std::unexpected(value.error());
  bool is_found = false;
  for_each_entry(*value, [&](std::string_view key, const Value& entry) {
    is_found = is_wanted(key, entry);
    return !is_found;
  });
  return is_found;
}

}  // namespace millrace::ottl
