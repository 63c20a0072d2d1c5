// Writes JSON string literals, quotes included. All JSON output uses this escaping.
//
// Control characters (DEL included) become escapes. UTF-8 is copied unchanged: the text must be
// UTF-8 for the result to be JSON. Pure functions. Cost: runs without escapes are copied as a
// whole.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace millrace
