// `millrace generate`: sends requests as the options say and prints the result.
#pragma once

#include "daemon/generate/options.h"

namespace millrace::load {

// Blocks until the run has ended, or SIGINT or SIGTERM stops it (then it sends no more requests and
// waits for the missing answers). The summary goes to standard output, errors to standard error.
// Returns 0 when every item was answered OK, 1 otherwise, 2 when the run could not begin.
int run_generate(const GenerateOptions& options);

}  // namespace millrace::load
