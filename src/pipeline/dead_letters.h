// Keeps batches that a destination will not take, so that a person can look at them and send them
// again. The pipeline says what was given up and why; what is kept of it, and how, is bound at
// assembly.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "ledger/ledger.h"

namespace millrace::pipeline {

// One batch that is being dropped; views, valid during the call.
struct DeadLetter {
  ledger::DropReason reason;
  Signal signal;
  std::string_view destination;             // "otlp_grpc/backup"
  std::vector<std::string_view> pipelines;  // each once, in order of appearance
  uint64_t item_count = 0;
  const Error& answer;                 // what the destination said to the last attempt, verbatim
  const Rope& bytes;                   // one valid Export<Signal>ServiceRequest
  const Metadata* metadata = nullptr;  // what was sent with it as headers; null: nothing
};

// Shared by the workers of all destinations of one exporter: safe from any thread.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;
  // Called for every batch that is dropped after trying, whatever the reason; the implementation
  // chooses. Called before the ledger and the senders hear of the drop, and before its record in a
  // storage ends. Returns whether the data is kept. A failure changes nothing of the drop: the
  // implementation counts and logs it.
  virtual bool keep(const DeadLetter& letter) = 0;
};

}  // namespace millrace::pipeline
