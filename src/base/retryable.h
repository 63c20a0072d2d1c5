// The codes and statuses that OTLP defines as retryable. All components use these two lists.
#pragma once

#include "base/result.h"

namespace millrace {

// OTLP/gRPC, "Failures". The list excludes RESOURCE_EXHAUSTED: it is retryable only with RetryInfo,
// which the caller must check.
constexpr bool is_retryable_code(Code code) {
  switch (code) {
    case Code::kCancelled:
    case Code::kDeadlineExceeded:
    case Code::kAborted:
    case Code::kOutOfRange:
    case Code::kUnavailable:
    case Code::kDataLoss:
      return true;
    default:
      return false;
  }
}

// OTLP/HTTP, "Retryable response codes".
constexpr bool is_retryable_http_status(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace millrace
