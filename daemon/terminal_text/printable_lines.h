// A text of several lines for a terminal. Pure functions; linear.
#pragma once

#include <string>
#include <string_view>

namespace millrace::terminal_text {

// The lines of the text, each made printable (base/printable_text.h). JSON without tabs stays the
// same JSON: the escapes are JSON's, and what needs one stands in texts only.
std::string printable_lines(std::string_view text);

}  // namespace millrace::terminal_text
