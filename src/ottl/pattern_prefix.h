// How a text must begin so that a regular expression can be found in it: a comparison of a few
// bytes, where RE2 needs some hundred instructions to say no.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::ottl {

// Every text in which `regex` (RE2's syntax) is found begins with one of these. Empty: any text
// may. Reads only `^literal…` and `^(literal|literal)…`; of all else nothing is known. Pure.
std::vector<std::string> required_prefixes(std::string_view regex);

}  // namespace millrace::ottl
