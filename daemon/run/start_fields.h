// The fields of the log's first line: the program and its configuration.
#pragma once

#include <vector>

#include "base/log.h"
#include "daemon/cli/configuration.h"

namespace millrace::daemon {

// version, commit, pid, configuration (its sources; YAML from the command line is not shown) and
// configuration_sha256, the hash of the merged and expanded configuration as print-config shows it,
// with secrets hidden, so that two processes can be compared.
std::vector<LogField> start_fields(const cli::CollectorArguments& arguments,
                                   const cli::Configuration& configuration);

}  // namespace millrace::daemon
