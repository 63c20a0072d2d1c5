// The options of `millrace sink`. Plain data; options.cc binds it to the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/otlp_client/option_values.h"
#include "daemon/sink/misbehaviour.h"

namespace CLI {
class App;
}

namespace millrace::load {

struct SinkOptions {
  // Each accepts gRPC and HTTP. Port 0: the kernel chooses, and the output states the port.
  std::vector<std::string> endpoints = {"localhost:4317"};
  std::string tls_cert_file;  // PEM; both or neither
  std::string tls_key_file;

  bool check_ids = false;  // check for loss and duplicates, and measure latencies
  std::vector<std::string> acknowledged_files;  // all their items must have arrived in the end
  uint64_t expect = 0;                          // items; 0: until interrupted or `duration`
  Duration settle = 300ms;  // the wait for duplicates after the last expected item
  Duration duration = 0s;   // the time limit; with `expect` it is a failure
  // Between lines of progress; 0: none. Nothing: 1 s, or one live line where standard error is a
  // terminal.
  std::optional<Duration> interval = {};
  std::string record_file;  // receives each accepted request: 4 bytes of length, big endian, then
                            // the message (protobuf)
  SummaryFormat summary = SummaryFormat::kText;
  Misbehaviour misbehaviour;
};

void add_sink_options(CLI::App& app, SinkOptions& options);
// Returns the contradictions between options in words for the user; empty: there are none.
std::string check_sink_options(const SinkOptions& options);

}  // namespace millrace::load
