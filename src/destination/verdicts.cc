#include "destination/verdicts.h"

namespace millrace::pipeline {

Verdict full_queue_verdict(const std::string& name, Duration retry_after) {
  return {.code = Code::kUnavailable,
          .message = name + ": sending queue is full",
          .retry_after = retry_after};
}

Verdict above_capacity_verdict(const std::string& name, uint64_t capacity) {
  return {.code = Code::kInvalidArgument,
          .message = name + ": the request is larger than the whole sending queue (" +
                     std::to_string(capacity) + ")",
          .exceeds_queue = true};
}

Verdict dropped_oldest_verdict(const std::string& name) {
  return {.code = Code::kUnavailable,
          .message = name + ": dropped to make room for newer data",
          .retry_after = 1s};
}

Verdict age_limit_verdict(const std::string& name) {
  return {.code = Code::kUnavailable,
          .message = name + ": waited longer than the queue's age limit",
          .retry_after = 1s};
}

Verdict refused_verdict(const std::string& name, const Error& error) {
  return {.code = code_of_final_refusal(error.code),
          .message = name + " refused: " + error.message};
}

Verdict too_large_verdict(const std::string& name, const Error& error) {
  return {.code = Code::kInvalidArgument,
          .message = name + ": too large for the destination: " + error.message};
}

Verdict bad_data_verdict(const std::string& name, const Error& error) {
  return {.code = Code::kInvalidArgument,
          .message = name + " refused as bad data: " + error.message};
}

Verdict not_retried_verdict(const std::string& name, std::string_view last_answer,
                            Duration retry_after) {
  return {.code = Code::kUnavailable,
          .message = (name + ": ").append(last_answer),
          .retry_after = retry_after};
}

}  // namespace millrace::pipeline
