// Names of the public enumerations.
#include "millrace/result.h"
#include "millrace/statistics.h"

namespace millrace::v1 {

const char* error_code_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kOk:
      return "OK";
    case ErrorCode::kBufferFull:
      return "BUFFER_FULL";
    case ErrorCode::kShutDown:
      return "SHUT_DOWN";
    case ErrorCode::kTooLarge:
      return "TOO_LARGE";
    case ErrorCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case ErrorCode::kUnavailable:
      return "UNAVAILABLE";
    case ErrorCode::kUnimplemented:
      return "UNIMPLEMENTED";
  }
  return "UNKNOWN";
}

const char* drop_reason_name(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::kBufferFull:
      return "buffer_full";
    case DropReason::kDropOldest:
      return "drop_oldest";
    case DropReason::kRetryExpired:
      return "retry_expired";
    case DropReason::kNotRetried:
      return "not_retried";
    case DropReason::kAgeExpired:
      return "age_expired";
    case DropReason::kRefused:
      return "refused";
    case DropReason::kBadData:
      return "bad_data";
    case DropReason::kTooLarge:
      return "too_large";
    case DropReason::kDeadline:
      return "deadline";
    case DropReason::kStorageFailed:
      return "storage_failed";
    case DropReason::kShutdown:
      return "shutdown";
    case DropReason::kHandedBack:
      return "handed_back";
  }
  return "unknown";
}

}  // namespace millrace::v1
