// Files of bearer tokens: a token a line; lines with nothing on them are none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::extensions {

// At least one token, without blanks around it. Errors name the path and show no token.
Result<std::vector<std::string>> parse_token_file(std::string_view text, const std::string& path);

}  // namespace millrace::extensions
