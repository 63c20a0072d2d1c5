// JSON's grammar (RFC 8259), read slowly and exactly. The decoder's parser is fast and lazy and
// does not report where it failed; this reader then finds the place. Fuzzing also compares the
// decoder with it. Thread safe: no state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/pace.h"

namespace millrace::otlp::json {

struct SyntaxError {
  size_t offset = 0;  // of the first invalid byte; text.size() where the text ends too soon
  std::string_view what;
};

// Returns the first reason why `text` is not one JSON value in UTF-8, or nothing. Not recursive.
// Calls the pace, if any.
std::optional<SyntaxError> find_syntax_error(std::string_view text, Pace* pace = nullptr);

// Checks the number grammar: no leading zeros, no plus sign, digits on both sides of a point.
bool is_json_number(std::string_view text);

struct TextPosition {
  size_t line = 1;              // from 1
  size_t column = 1;            // from 1, in bytes
  std::string to_text() const;  // "line 3, column 14"
};
// Reads the text up to there; `pace` as above.
TextPosition locate(std::string_view text, size_t offset, Pace* pace = nullptr);

}  // namespace millrace::otlp::json
