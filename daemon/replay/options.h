// The options of `millrace replay`. Plain data; options.cc binds it to the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "base/time.h"
#include "daemon/otlp_client/option_values.h"
#include "daemon/otlp_client/target.h"

namespace millrace::replay {

struct ReplayOptions : load::TargetOptions {
  std::vector<std::string> files;
  // Only dead letters of that exporter; empty: all requests.
  std::string destination;
  // The signal of requests that do not name it (length-prefixed protobuf); empty: guessed.
  std::optional<Signal> signal;
  bool is_dry_run = false;
  // The file to which dead letters of requests that were not accepted are appended; empty: none.
  std::string rejected_file;

  double rate = 0;            // items a second; 0: as fast as answers come
  uint32_t streams = 8;       // requests in flight; 1 keeps their order
  Duration timeout = 10s;     // for each attempt
  uint32_t retries_max = 10;  // retries of a request after a retryable answer
  load::SummaryFormat summary = load::SummaryFormat::kText;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_replay_options(CLI::App& app, ReplayOptions& options);

// Returns the contradictions between options in words for the user; empty: there are none.
std::string check_replay_options(const ReplayOptions& options);

}  // namespace millrace::replay
