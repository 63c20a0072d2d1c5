// The options of `millrace traces`, `logs`, `metrics` and `ledger`, and what each asks the console.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/console_client/target.h"

namespace CLI {
class App;
}

namespace millrace::show {

struct ShowOptions {
  console_client::Target target;
  bool prints_json = false;
};

// The options of every list of telemetry.
struct TelemetryOptions : ShowOptions {
  std::string service;
  std::string run;  // current, earlier, or an instance id; empty: all
  std::vector<std::string> attributes;
};

struct TracesOptions : TelemetryOptions {
  std::string trace_id;  // empty: the list
  std::string operation;
  std::string sort;
  std::string cursor;
  Duration min_duration{};
  Duration max_duration{};  // zero: no limit
  bool only_errors = false;
  uint32_t limit = 0;   // 0: the console's default
  uint32_t offset = 0;  // of the first span of one trace
};

struct LogsOptions : TelemetryOptions {
  std::string text;
  std::string trace_id;
  std::string before;
  uint32_t severity = 0;  // at least
  uint32_t limit = 0;
  bool follows = false;
};

struct MetricsOptions : TelemetryOptions {
  std::string metric;  // its whole name; empty: the list
  std::string name;    // part of the name, for the list
  uint32_t limit = 0;
};

// `options` must live until the command line is parsed.
void add_traces_options(CLI::App& app, TracesOptions& options);
void add_logs_options(CLI::App& app, LogsOptions& options);
void add_metrics_options(CLI::App& app, MetricsOptions& options);
void add_ledger_options(CLI::App& app, ShowOptions& options);

// Path and query.
std::string asked_by(const TracesOptions& options);
// `after`: a cursor; empty: the newest.
std::string asked_by(const LogsOptions& options, const std::string& after);
std::string asked_by(const MetricsOptions& options);

}  // namespace millrace::show
