// `millrace sink`: receives, counts, checks, and misbehaves as told.
#pragma once

#include "daemon/sink/options.h"

namespace millrace::load {

// Blocks until what is expected has come, the time is up, or SIGINT or SIGTERM. Says "listening on
// HOST:PORT" on standard output for each endpoint, then lines of progress, then the summary.
// Returns 0, or 1 when --expect was given and the items did not each come exactly once, or 2 when
// it could not begin.
int run_sink(const SinkOptions& options);

}  // namespace millrace::load
