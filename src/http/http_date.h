// HTTP dates (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::http {

// The preferred format (IMF-fixdate), whole seconds.
std::string write_http_date(WallTime time);
// Reads IMF-fixdate, the only format senders may generate. Empty for anything else.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace millrace::http
