// The kafka receiver's options, with otelcol's names and defaults, and Millrace's own
// `acknowledge`, `in_flight_max` and `dead_letter`. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/signal.h"
#include "config/exporter_helper.h"
#include "config/section.h"
#include "kafka/client_options.h"
#include "pipeline/verdict.h"

namespace millrace::receivers::kafka {

enum class Encoding : uint8_t {
  kProto,  // otlp_proto: a message is an Export<Signal>ServiceRequest
  kJson,   // otlp_json
  kRaw,    // raw: a message is the body of a log record, as bytes
  kText,   // text: the same as a string, UTF-8
};

struct SignalOptions {
  std::vector<std::string> topics;          // "^" begins a regular expression
  std::vector<std::string> exclude_topics;  // regular expressions
  Encoding encoding = Encoding::kProto;
};

struct Options {
  millrace::kafka::ClientOptions client;  // with the consumer's properties
  std::array<SignalOptions, kSignalCount> signals;
  std::string group;
  // When a message counts as processed, so that its offset is committed. A broker keeps what is not
  // committed, so nothing is gained by an earlier commit.
  pipeline::Policy policy = pipeline::Policy::kDelivered;
  // Messages of a signal that are handed in and not processed yet, at most. 1: the order of a
  // partition is kept whatever is refused and tried again.
  int64_t in_flight_max = 1000;
  // A message that a pipeline refuses for now is tried again: the first wait, and the longest one.
  Duration retry_first = 10ms;
  Duration retry_longest = 1s;
  // Messages that are processed while one in front of them is not, at most: their offsets are
  // remembered, 16 MB in all. Not configured.
  size_t remembered_max = 1'000'000;
  // After so long without a message taken the partitions are paused. Not configured.
  Duration stall_max = 5s;
  bool skips_refused = false;  // message_marking.on_error: refused for now counts as processed
  std::optional<config::DeadLetterConfig> dead_letter;
};

// `section` is the receiver's own; the caller finishes it.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::receivers::kafka
