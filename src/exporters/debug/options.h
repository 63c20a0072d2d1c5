// The debug exporter's options, with otelcol's names and defaults. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/exporter_helper.h"
#include "config/section.h"

namespace millrace::exporters {

// What becomes of control characters in the text of senders: shown as escapes, or written as they
// are, which forges lines and reaches terminals.
enum class ControlCharacters : uint8_t { kEscaped, kRaw };

enum class Verbosity : uint8_t { kBasic, kNormal, kDetailed };

struct DebugOptions {
  Verbosity verbosity = Verbosity::kBasic;
  // Batches shown in each second before sampling, and then every n-th; 0 shows none of the rest.
  int64_t sampling_initial = 2;
  int64_t sampling_thereafter = 1;
  // True: lines of the collector's own log. False: text to output_paths.
  bool use_internal_logger = true;
  // "stdout", "stderr", or paths of files that are appended to.
  std::vector<std::string> output_paths = {"stdout"};
  // kRaw only where every output is a file.
  ControlCharacters control_characters = ControlCharacters::kEscaped;
  config::SendingQueueConfig queue{.enabled = false, .batch = {}};  // off unless mentioned
};

void read_options(config::Section& section, DebugOptions* into);

}  // namespace millrace::exporters
