// The options of `millrace generate`. Plain data; options.cc binds it to the command line.
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
  uint32_t connections = 1;  // sockets
  uint32_t streams = 8;      // requests in flight on each connection
  uint64_t total = 0;        // items, rounded up to whole requests; 0: no limit
  Duration duration = 0s;    // 0: no limit
  Duration timeout = 10s;    // for each attempt
  uint32_t retries_max = 0;  // retries of a request after a retryable answer

  std::string acknowledged_file;  // receives the items that were answered OK (acknowledged_file.h)

  uint16_t generator_id = 1;  // in the numbered ids; concurrent generators need different ids
  uint64_t first_sequence = 0;
  uint64_t seed = 1;
  SummaryFormat summary = SummaryFormat::kText;
};

// Adds the options to a sub-command; `options` must live until the command line is parsed.
void add_generate_options(CLI::App& app, GenerateOptions& options);

// Returns the contradictions between options in words for the user; empty: there are none.
std::string check_generate_options(const GenerateOptions& options);

}  // namespace millrace::load
