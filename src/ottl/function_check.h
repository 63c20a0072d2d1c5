// Checks of a function's constant arguments beyond their types: the words of a mode, a pattern
// that RE2 reads, a limit that is not negative. For start-up.
#pragma once

#include <optional>
#include <string>

#include "ottl/program.h"

namespace millrace::ottl {

// Prepares the pattern of a call. Returns what is wrong, or nothing.
std::optional<std::string> check_call(Node& call);

}  // namespace millrace::ottl
