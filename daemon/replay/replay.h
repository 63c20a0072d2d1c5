// The command `millrace replay`.
#pragma once

#include "daemon/replay/options.h"

namespace millrace::replay {

// Runs to the end, prints the summary, and returns the exit code: 0 when everything that was there
// to be read was accepted, 1 when something was not, 2 when it could not begin.
int run_replay(const ReplayOptions& options);

}  // namespace millrace::replay
