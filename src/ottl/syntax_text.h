// Syntax trees as OTTL text with all brackets: reading the text again gives the same tree. For
// tests, and for messages that name a part of a statement.
#pragma once

#include <string>

#include "ottl/syntax.h"

namespace millrace::ottl {

std::string to_text(const Expression& expression);
std::string to_text(const Statement& statement);
// `attributes["a"][0]`
std::string path_text(const Expression& path);
// A string in quotes, with escapes.
std::string quoted(std::string_view text);

}  // namespace millrace::ottl
