// How many columns of a terminal a text takes. Precondition of all: the text is printable
// (base/printable_text.h). Pure functions, linear.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::terminal_text {

// East Asian wide characters and pictures take two columns, combining marks none.
size_t text_width(std::string_view text);

// The longest beginning that fits, with "…" in its last column where something was cut off.
std::string cut_to_width(std::string_view text, size_t width);

// The text with blanks behind it up to `width`; a wider one is cut.
std::string fit_to_width(std::string_view text, size_t width);

}  // namespace millrace::terminal_text
