// A JSON string literal, quotes included. Pure function; UTF-8 passes through as it is.
#pragma once

#include <string>
#include <string_view>

namespace millrace::config {

std::string json_text(std::string_view text);

}  // namespace millrace::config
