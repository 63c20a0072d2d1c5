// Why the collector could not start, written as its log would be: text for a person, or with
// `logs.encoding: json` one object a line, for what reads the log.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "config/section.h"

namespace millrace::cli {

using WallMillis = std::function<int64_t()>;
int64_t wall_milliseconds();

// As Diagnostics::to_text orders them: by file, line and column.
std::vector<const config::Diagnostic*> in_order_of_places(const config::Diagnostics& diagnostics);

// Whole lines. In JSON {"level":"error","msg":"the start failed","error":…}.
std::string start_error(LogEncoding encoding, std::string_view message,
                        const WallMillis& now = wall_milliseconds);
// All mistakes of the configuration. In JSON an object for each, with place and path, then one like
// that of start_error.
std::string start_mistakes(LogEncoding encoding, const config::Diagnostics& diagnostics,
                           const WallMillis& now = wall_milliseconds);

}  // namespace millrace::cli
