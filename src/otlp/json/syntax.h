// JSON's grammar (RFC 8259), read slowly and exactly. The decoder's parser is fast and lazy and
// says little about where it failed: when it has failed, this one finds the place. It is also the
// decoder's naive twin in fuzzing. Thread safe: no state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/pace.h"

namespace millrace::otlp::json {

struct SyntaxError {
  size_t offset = 0;  // of the first byte that can't be; text.size() where the text ends too soon
  std::string_view what;
};

// The first reason why `text` is not one JSON value in UTF-8, or nothing. Does not recurse.
// Tells the pace, if any.
std::optional<SyntaxError> find_syntax_error(std::string_view text, Pace* pace = nullptr);

// The number grammar: no leading zeros, no plus sign, digits on both sides of a point.
bool is_json_number(std::string_view text);

struct TextPosition {
  size_t line = 1;              // from 1
  size_t column = 1;            // from 1, in bytes
  std::string to_text() const;  // "line 3, column 14"
};
TextPosition locate(std::string_view text, size_t offset);

}  // namespace millrace::otlp::json
