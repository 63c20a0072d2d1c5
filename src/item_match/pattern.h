// Regular expressions in the configuration: RE2, as otelcol has them. Compiled once at the start.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"

namespace re2 {
class RE2;
}

namespace millrace::item_match {

// Shared, because each worker's instance of a processor uses the same compiled pattern. Matching is
// safe from any thread.
using Pattern = std::shared_ptr<const re2::RE2>;

// Null, and an error at `key`, when RE2 refuses `text` or `text` has \C, which otelcol refuses.
Pattern read_pattern(config::Section& section, std::string_view key, const std::string& text);
// A list of patterns; those with errors are left out.
std::vector<Pattern> read_patterns(config::Section& section, std::string_view key);

// Is there a match anywhere in `text`?
bool finds(const re2::RE2& pattern, std::string_view text);
bool any_finds(const std::vector<Pattern>& patterns, std::string_view text);

// A pattern that finds a match exactly where one of `patterns` does. Null: there are none, or RE2
// refuses it as too large.
Pattern any_of(const std::vector<Pattern>& patterns);
// May a match depend on the text before or behind it (^, $, \A, \z, \b, \B)? If not, a text has at
// least the matches of each text inside it.
bool looks_around(const re2::RE2& pattern);

}  // namespace millrace::item_match
