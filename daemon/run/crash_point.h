// For the crash tests: ends the process as kill -9 would at a named point of the disk log
// (src/segment_log/README.md lists them). Has no effect unless the environment asks for it:
//   MILLRACE_CRASH_POINT=after_write_before_sync:7   at the seventh time
#pragma once

#include <functional>
#include <string_view>

namespace millrace::daemon {

// Empty when the environment does not ask for a crash.
std::function<void(std::string_view)> crash_point();

}  // namespace millrace::daemon
