// Upper and lower case, camel and snake case. Pure functions; linear.
#pragma once

#include <string>
#include <string_view>

namespace millrace::ottl {

// Letters of Latin, Greek, Cyrillic and Armenian; others stay as they are.
std::string to_upper_case(std::string_view text);
std::string to_lower_case(std::string_view text);

// "userID" → "user_id": a "_" where the kind of ASCII letter changes and in place of blanks, "-"
// and ".".
std::string to_snake_case(std::string_view text);
// "user_id" → "UserId": only ASCII letters and digits stay.
std::string to_camel_case(std::string_view text);

}  // namespace millrace::ottl
