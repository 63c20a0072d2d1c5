// Explains a line whose indentation matches no level that is open above it, which is the most
// frequent mistake in a YAML file and which parsers report as "end of map not found".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::yaml {

// `line` counts from 0. Returns "indented by 5 spaces, which matches no level above: 4 (line 3) or
// 6 (line 4)", or nothing when the indentation of the line matches a level. Reads the text up to
// the line once; block scalars are read as if they were YAML, so the result is a hint for a text
// that a parser has refused.
std::optional<std::string> explain_indentation(std::string_view text, int line);

}  // namespace millrace::yaml
