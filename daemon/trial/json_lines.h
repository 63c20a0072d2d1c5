// JSON as lines that people can compare: indented by two spaces, a value that fits on a line of
// about a hundred characters stays on one, and each attribute has a line for itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::trial {

// kInvalidArgument where the text is not JSON. Any thread.
Result<std::vector<std::string>> json_lines(std::string_view json);

// The same text for the same OTLP/JSON request: keys and the attributes of a list are sorted.
// Any thread; kInvalidArgument as above.
Result<std::string> sorted_json(std::string_view json);

}  // namespace millrace::trial
