// What `millrace sink` can be told. Plain data; options.cc binds it to the command line.
#pragma once

#include <cstdint>
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
  // gRPC and HTTP are understood on each. Port 0: the kernel chooses, and a line tells.
  std::vector<std::string> endpoints = {"localhost:4317"};
  std::string tls_cert_file;  // PEM; both or none
  std::string tls_key_file;

  bool check_ids = false;  // look for loss and duplicates, and at times under way
  std::vector<std::string> acknowledged_files;  // all of it must have come in the end
  uint64_t expect = 0;                          // items; 0: until interrupted or `duration`
  Duration settle = 300ms;  // after the last expected item: time for duplicates to show
  Duration duration = 0s;   // end after that time; with `expect`, as a failure
  Duration interval = 1s;   // between lines of progress; 0: none
  std::string record_file;  // each accepted request: 4 bytes of length, big endian, and the message
                            // (protobuf)
  SummaryFormat summary = SummaryFormat::kText;
  Misbehaviour misbehaviour;
};

void add_sink_options(CLI::App& app, SinkOptions& options);
// What does not fit together, in words for the user; empty when all is well.
std::string check_sink_options(const SinkOptions& options);

}  // namespace millrace::load
