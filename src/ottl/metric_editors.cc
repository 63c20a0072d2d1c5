#include "ottl/converters.h"

namespace millrace::ottl {
std::span<const EditorRow> metric_editors() { return {}; }
}  // namespace millrace::ottl
