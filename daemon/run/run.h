// `millrace` without a sub-command: runs a collector with a configuration until a signal.
#pragma once

#include "daemon/cli/command_line.h"

namespace millrace::daemon {

// The configuration without --config: OTLP on localhost 4317 and 4318, printed to the terminal.
extern const char* const kDefaultConfiguration;

// Returns the exit code. The first ending signal (daemon/run/signals.h) stops intake, drains and
// prints the ledger's last line; a second one ends the process within half a second, even if
// something is stuck (kExitEndedEarly). SIGHUP is logged and has no effect in this version.
int run_collector(const cli::CollectorArguments& arguments, cli::Configuration configuration);

// Makes every component read its section, for validate and print-config.
void check_components(const config::Document& document, config::Diagnostics& diagnostics);

}  // namespace millrace::daemon
