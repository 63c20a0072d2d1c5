// What the first line of the log says about this process: which program, with which configuration.
#pragma once

#include <vector>

#include "base/log.h"
#include "daemon/cli/configuration.h"

namespace millrace::daemon {

// version, commit, pid, configuration (where it was read from; what stands on the command line
// itself is not shown) and configuration_sha256: of the merged and expanded configuration as
// print-config shows it, secrets hidden, so that two processes can be compared.
std::vector<LogField> start_fields(const cli::CollectorArguments& arguments,
                                   const cli::Configuration& configuration);

}  // namespace millrace::daemon
