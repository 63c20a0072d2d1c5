// Patterns of replace_match: `*` and `**` match any characters, `?` matches one, `[abc]`, `[!abc]`
// and `[a-z]` one of some, `{a,b}` one of several patterns, and `\` makes the next one ordinary.
// The pattern matches the whole text.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace millrace::ottl {

// The pattern in RE2's syntax, or what is wrong with it. Pure; linear in the length.
std::expected<std::string, std::string> glob_to_regex(std::string_view glob);

}  // namespace millrace::ottl
