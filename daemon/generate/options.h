// What `millrace generate` can be told. Plain data; options.cc binds it to the command line.
#pragma once

#include <cstdint>
#include <string>

#include "base/signal.h"
#include "base/time.h"
#include "daemon/generate/content.h"
#include "daemon/otlp_client/option_values.h"
#include "daemon/otlp_client/target.h"

namespace CLI {
class App;
}

namespace millrace::load {

struct GenerateOptions : TargetOptions {
  Signal signal = Signal::kTraces;
  PayloadFormat format = PayloadFormat::kProtobuf;  // JSON over HTTP only

  uint32_t items_per_request = 100;
  double rate = 0;           // items a second; 0: closed loop, the next request after each answer
  uint32_t connections = 1;  // each with its own socket
  uint32_t streams = 8;      // requests in flight on each connection
  uint64_t total = 0;        // items; 0: no end by number. Rounded up to whole requests
  Duration duration = 0s;    // 0: no end by time
  Duration timeout = 10s;    // for each attempt
  uint32_t retries_max = 0;  // further attempts of a request after a retryable answer

  std::string acknowledged_file;  // what was answered OK is written there (acknowledged_file.h)

  uint16_t generator_id = 1;  // of the numbered ids; two generators at once need two
  uint64_t first_sequence = 0;
  uint64_t seed = 1;
  SummaryFormat summary = SummaryFormat::kText;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_generate_options(CLI::App& app, GenerateOptions& options);

// What does not fit together, in words for the user; empty when all is well.
std::string check_generate_options(const GenerateOptions& options);

}  // namespace millrace::load
