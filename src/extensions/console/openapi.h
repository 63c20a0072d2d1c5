// The description of the API, openapi.json, as it is embedded in the program.
#pragma once

#include <string_view>

namespace millrace::extensions::console {

std::string_view openapi_text();

}  // namespace millrace::extensions::console
