#include "ottl/editor_target.h"

#include "ottl/edited_map.h"

namespace millrace::ottl {

namespace {

Evaluated<Map*> target_map(Arguments& arguments, Record::ToMap* to_map) {
  const auto value = arguments.value(0, Value::Type::kMap);
  if (!value) return std::unexpected(value.error());
  if (arguments.node(0).path->field == Field::kCache && arguments.node(0).keys.empty()) {
    return arguments.evaluation().item().cache;
  }
  const auto target = arguments.evaluation().locate(arguments.node(0), to_map);
  if (!target) return std::unexpected(target.error());
  Map* const own = to_map(**target, arguments.scratch());
  if (arguments.scratch().failed()) return std::unexpected(std::string(kTooMuchData));
  (*target)->map = own;
  return own;
}

}  // namespace

Evaluated<Map*> own_map(Arguments& arguments) { return target_map(arguments, to_own_map); }
Evaluated<Map*> edited_map(Arguments& arguments) { return target_map(arguments, to_edited_map); }

}  // namespace millrace::ottl
