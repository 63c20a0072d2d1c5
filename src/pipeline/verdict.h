// The answer to a sender about its request, and when it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/retryable.h"
#include "base/time.h"

namespace millrace::pipeline {

// When OK is said (law 3).
enum class Policy : uint8_t {
  kAccepted,   // it lies in the bounded queue of every required destination
  kDurable,    // and it is on disk where a required destination has storage
  kDelivered,  // every required destination has answered (otelcol: wait_for_result)
};

struct Verdict {
  Code code = Code::kOk;
  std::string message = {};
  // Set when the sender should try again, after that time; without it the refusal is final.
  std::optional<Duration> retry_after = {};
  // Larger than the whole queue of a destination: final there, and says nothing of the data.
  bool exceeds_queue = false;
  // The output of a processor for it would be too large: final (HTTP: 413).
  bool too_large = false;
  // A word for the counter of requests that a limit refused ("memory", "too_large"); a literal.
  // Empty: no such limit.
  std::string_view reason = {};
  // kOk only: partial success. 0 with a message is OTLP's warning.
  uint64_t rejected_count = 0;
  std::string partial_message = {};

  bool ok() const { return code == Code::kOk; }
};

// The code under which a waiting sender hears that a destination finally refused: the destination's
// own, so that it reads what the back end said of its data. Only where that code would tell it to
// send again (or was none) it is INTERNAL. A bare RESOURCE_EXHAUSTED stays: without RetryInfo it is
// final over gRPC, and over HTTP 429 the sender's own limits decide.
constexpr Code code_of_final_refusal(Code said) {
  return said == Code::kOk || is_retryable_code(said) ? Code::kInternal : said;
}

using VerdictCallback = std::move_only_function<void(const Verdict&)>;

}  // namespace millrace::pipeline
