// The output of `millrace version` and `millrace components`. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "config/catalog.h"

namespace millrace::cli {

std::string_view version();
// The first 12 digits of git's id of the commit that was built; "unknown" if neither git nor CMake
// named it.
std::string_view commit();
// YAML in the shape of `otelcol components`.
std::string list_components(const config::Catalog& catalog);

}  // namespace millrace::cli
