// Makes text from outside safe for a terminal and for readers of lines: no character of the result
// starts a new line, moves a cursor, or hides or reorders the text around it.
//
// Control characters (C0, DEL, C1), line and paragraph separators, marks that change the direction
// of text and the byte order mark become escapes: \n, \r, \t, and \u001b for the others, which are
// escapes of JSON as well. Bytes that are not UTF-8 become U+FFFD. All else, backslashes included,
// stays as it is. Pure functions. Cost: stretches of plain ASCII are copied whole.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

void append_printable(std::string& out, std::string_view text);
// Whether append_printable would copy `text` unchanged.
bool is_printable(std::string_view text);

}  // namespace millrace
