// Hashes of matches, in hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

// Precondition: a function is configured. Cost: about a microsecond, and the text.
std::string hash_in_hex(const Options& options, std::string_view text);

}  // namespace millrace::processors::redaction
