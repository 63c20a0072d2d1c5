#include "ottl/editor_target.h"

namespace millrace::ottl {

Evaluated<Map*> own_map(Arguments& arguments) {
  const auto value = arguments.value(0, Value::Type::kMap);
  if (!value) return std::unexpected(value.error());
  if (arguments.node(0).path->field == Field::kCache && arguments.node(0).keys.empty()) {
    return arguments.evaluation().item().cache;
  }
  const auto target = arguments.evaluation().locate(arguments.node(0));
  if (!target) return std::unexpected(target.error());
  Map* const own = to_own_map(**target, arguments.scratch());
  if (arguments.scratch().failed()) return std::unexpected(std::string(kTooMuchData));
  (*target)->map = own;
  return own;
}

}  // namespace millrace::ottl
