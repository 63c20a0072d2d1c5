// `millrace top`. Returns the exit code: 0, or 1 with the reason on standard error.
#pragma once

#include "daemon/top/options.h"

namespace millrace::top {

// Draws until q or a signal. Where standard input or output is no terminal: prints one picture,
// whose rates are those of one interval.
int run_top(const TopOptions& options);

}  // namespace millrace::top
