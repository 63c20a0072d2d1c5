// The one thing our own small JSON answers need: a quoted string. Bytes are passed through, so the
// text must be UTF-8 for the result to be JSON.
#pragma once

#include <string>
#include <string_view>

namespace millrace::transport {
void append_json_string(std::string& json, std::string_view text);
}  // namespace millrace::transport
