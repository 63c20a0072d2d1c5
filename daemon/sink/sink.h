// `millrace sink`: receives, counts, checks, and misbehaves as configured.
#pragma once

#include "daemon/sink/options.h"

namespace millrace::load {

// Blocks until the expected items have arrived, the time limit, or SIGINT or SIGTERM. Prints
// "listening on HOST:PORT" to standard output for each endpoint, then lines of progress, then the
// summary. Returns 0, or 1 when --expect was given and not every item arrived exactly once, or 2
// when it could not begin.
int run_sink(const SinkOptions& options);

}  // namespace millrace::load
