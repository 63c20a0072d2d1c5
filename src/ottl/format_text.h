// Go's fmt.Sprintf for the values of OTTL: verbs, flags, width and precision. A verb that does not
// fit its value and a value too few or too many are written into the text, as there.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ottl/program.h"

namespace millrace::ottl {

// An error for a value that has no such text here (maps and the like under verbs of Go's structs)
// and for a text that would be too long. Pure; linear in the text that it makes.
Evaluated<std::string> format_text(std::string_view format, std::span<const Value> values);

}  // namespace millrace::ottl
