#include "daemon/otlp_client/answers.h"

#include <fmt/format.h>

#include "base/retryable.h"
#include "wire/protobuf.h"

namespace millrace::load {
namespace {

using transport::ClientAnswer;

struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;
};

// Reads Export…ServiceResponse.partial_success (field 1) with rejected_… (1) and error_message (2),
// which have the same numbers for all signals.
PartialSuccess partial_success(const ClientAnswer& answer) {
  PartialSuccess found;
  if (answer.body_is_json) return found;
  wire::FieldReader response(answer.body.view());
  for (wire::Field field; response.next(&field);) {
    if (!field.is(1, wire::WireType::kLen)) continue;
    wire::FieldReader partial(field.bytes);
    for (wire::Field inner; partial.next(&inner);) {
      if (inner.is(1, wire::WireType::kVarint)) found.rejected = inner.value;
      if (inner.is(2, wire::WireType::kLen)) found.message = as_text(inner.bytes);
    }
  }
  return found;
}

}  // namespace

bool is_ok(const ClientAnswer& answer) {
  return answer.kind == ClientAnswer::Kind::kAnswered && answer.code == Code::kOk;
}

bool is_retryable(const ClientAnswer& answer) {
  if (answer.kind == ClientAnswer::Kind::kCancelled) return false;
  if (answer.kind != ClientAnswer::Kind::kAnswered) return true;
  if (answer.http_status != 0) return is_retryable_http_status(answer.http_status);
  return is_retryable_code(answer.code) ||
         (answer.code == Code::kResourceExhausted && answer.retry_after.has_value());
}

uint64_t rejected_count(const ClientAnswer& answer) { return partial_success(answer).rejected; }
std::string partial_message(const ClientAnswer& answer) { return partial_success(answer).message; }

std::string describe(const ClientAnswer& answer) {
  switch (answer.kind) {
    case ClientAnswer::Kind::kAnswered:
      return fmt::format(
          "{}{}: {}", code_name(answer.code),
          answer.http_status != 0 ? fmt::format(" (HTTP {})", answer.http_status) : std::string(),
          answer.message);
    case ClientAnswer::Kind::kNotSent:
      return "not sent: " + answer.message;
    case ClientAnswer::Kind::kBroken:
      return "connection broken: " + answer.message;
    case ClientAnswer::Kind::kTimedOut:
      return "no answer in time";
    case ClientAnswer::Kind::kCancelled:
      return "cancelled";
  }
  return {};
}

}  // namespace millrace::load
