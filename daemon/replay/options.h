// What `millrace replay` can be told. Plain data; options.cc binds it to the command line.
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
  // Only dead letters of that exporter; empty: everything.
  std::string destination;
  // Of requests that do not name their signal (length-prefixed protobuf); nothing: by their bytes.
  std::optional<Signal> signal;
  bool is_dry_run = false;
  // Where dead letters of what was not accepted are appended; empty: nowhere.
  std::string rejected_file;

  double rate = 0;            // items a second; 0: as fast as answers come
  uint32_t streams = 8;       // requests under way; 1 keeps their order
  Duration timeout = 10s;     // for each attempt
  uint32_t retries_max = 10;  // further attempts of a request after a retryable answer
  load::SummaryFormat summary = load::SummaryFormat::kText;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_replay_options(CLI::App& app, ReplayOptions& options);

// What does not fit together, in words for the user; empty when all is well.
std::string check_replay_options(const ReplayOptions& options);

}  // namespace millrace::replay
