// Explains a line whose indentation matches no open level. This is the most frequent mistake in a
// YAML file, and parsers report it as "end of map not found".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::yaml {

// `line` counts from 0. Returns "indented by 5 spaces, which matches no level above: 4 (line 3) or
// 6 (line 4)", or nothing when the indentation of the line matches a level. Reads the text up to
// the line once. Reads block scalars as if they were YAML, so the result is only a hint about a
// text that a parser has refused.
std::optional<std::string> explain_indentation(std::string_view text, int line);

}  // namespace millrace::yaml
