// A JSON string literal, quotes included: the one escaping for all JSON that is written.
//
// Control characters (DEL among them) become escapes, UTF-8 passes through as it is: the text must
// be UTF-8 for the result to be JSON. Pure functions. Cost: stretches without escapes are copied
// whole.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace millrace
