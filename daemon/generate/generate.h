// `millrace generate`: sends what the options say and prints what came of it.
#pragma once

#include "daemon/generate/options.h"

namespace millrace::load {

// Blocks until the run has ended by itself or by SIGINT or SIGTERM (then: no more requests, and the
// answers that are still owed). The summary goes to standard output, errors to standard error.
// Returns 0 when every item was answered OK, 1 when not, 2 when the run could not begin.
int run_generate(const GenerateOptions& options);

}  // namespace millrace::load
