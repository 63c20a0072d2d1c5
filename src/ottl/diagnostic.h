// Errors in statements: the place, what is wrong, the statement and a caret below the place.
//
//   1:9: unknown function "IsMach"; did you mean "IsMatch"?
//     not IsMach(name, "a")
//         ^
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace::ottl {

// What is wrong at a place of a text that the caller knows.
struct Diagnostic {
  uint32_t offset = 0;
  std::string message;
};

// INVALID_ARGUMENT with the three lines. Columns count characters; a long line is cut around the
// place, and characters that a terminal would obey are escaped.
Error to_error(std::string_view text, const Diagnostic& diagnostic);

// `; did you mean "IsMatch"?`, or nothing when no candidate is near.
std::string suggest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace millrace::ottl
