// `millrace traces`, `logs`, `metrics` and `ledger`. Each asks the console, prints to standard
// output and returns the exit code: 0, or 1 with the reason on standard error.
#pragma once

#include "daemon/show/options.h"

namespace millrace::show {

int run_traces(const TracesOptions& options);
// With --follow until SIGINT, SIGTERM or an error.
int run_logs(const LogsOptions& options);
int run_metrics(const MetricsOptions& options);
int run_ledger(const ShowOptions& options);

}  // namespace millrace::show
