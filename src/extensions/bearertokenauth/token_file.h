// Files of bearer tokens: one token a line; empty and blank lines are ignored. Pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::extensions {

// Returns at least one token, without blanks around it. Errors name the path and show no token.
Result<std::vector<std::string>> parse_token_file(std::string_view text, const std::string& path);

}  // namespace millrace::extensions
