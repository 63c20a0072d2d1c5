// The patterns of calls: regular expressions, and globs where a function reads them.
#pragma once

#include <re2/re2.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "ottl/function.h"

namespace millrace::ottl {

// The index of the argument that is a pattern; negative: the function has none.
int pattern_argument(Function function);

// Bounded in memory by RE2. The error says what is wrong with the pattern.
std::expected<std::shared_ptr<const re2::RE2>, std::string> prepare_pattern(Function function,
                                                                            std::string_view text);

}  // namespace millrace::ottl
