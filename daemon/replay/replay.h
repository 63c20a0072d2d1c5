// The command `millrace replay`.
#pragma once

#include "daemon/replay/options.h"

namespace millrace::replay {

// Replays all files, prints the summary, and returns the exit code: 0 when every readable request
// was accepted, 1 when one was not, 2 when the replay could not begin.
int run_replay(const ReplayOptions& options);

}  // namespace millrace::replay
