// `millrace tap`. Returns the exit code: 0 after Ctrl-C, or 1 with the reason on standard error.
#pragma once

#include "daemon/tap/options.h"

namespace millrace::tap {

int run_tap(const TapOptions& options);

}  // namespace millrace::tap
