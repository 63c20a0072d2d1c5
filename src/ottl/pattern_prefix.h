// How a text must begin, or which text it must hold, so that a regular expression can be found in
// it: a comparison of a few bytes, where RE2 needs some hundred instructions to say no.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::ottl {

// Every text in which `regex` (RE2's syntax) is found begins with one of these. Empty: any text
// may. Reads only `^literal…` and `^(literal|literal)…`; of all else nothing is known. Pure.
std::vector<std::string> required_prefixes(std::string_view regex);
// Every text in which `regex` is found holds this literal in front of a digit. Empty: nothing is
// known. Reads only `literal[0-9]…` and `literal\d…`. Pure.
std::string required_before_digit(std::string_view regex);

}  // namespace millrace::ottl
