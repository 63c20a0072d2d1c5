// `millrace` without a sub-command: a configuration becomes a running collector, until a signal.
#pragma once

#include "daemon/cli/command_line.h"

namespace millrace::daemon {

// What runs without --config: OTLP on localhost 4317 and 4318, shown on the terminal.
extern const char* const kDefaultConfiguration;

// Exit code. The first ending signal (daemon/run/signals.h) stops intake, drains and prints the
// ledger's last line; a second one ends within half a second, whatever is stuck (kExitEndedEarly).
// SIGHUP is taken note of and changes nothing in this version.
int run_collector(const cli::CollectorArguments& arguments, cli::Configuration configuration);

// Reads every component's section, for validate and print-config.
void check_components(const config::Document& document, config::Diagnostics& diagnostics);

}  // namespace millrace::daemon
