// Carries edits out in a YAML text, keeping all other lines with their comments.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migration/tree_editor.h"

namespace millrace::migration {

// "  # millrace: …" in one line, for that indentation.
std::string comment_line(size_t indent, std::string_view note);

// Empty when an edit does not fit the text: another word at its place, or a form that is not
// edited, such as a mapping in braces over several lines. The result may still mean something else
// (a value behind an alias): the caller reads it back and compares. Pure function.
std::optional<std::string> edit_text(std::string_view text, const std::vector<Edit>& edits);

}  // namespace millrace::migration
