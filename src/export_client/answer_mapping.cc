#include "export_client/answer_mapping.h"

#include "base/retryable.h"

namespace millrace::exporters {
namespace {

using pipeline::Outcome;
using transport::ClientAnswer;
using Kind = Outcome::Kind;

// Attempts that ended without the peer's own word about the request.
Kind kind_without_answer(const ClientAnswer& answer) {
  switch (answer.kind) {
    case ClientAnswer::Kind::kCancelled:
      return Kind::kCancelled;
    case ClientAnswer::Kind::kBroken:
      // A reset says something about the stream, not about the data, so that its code is no
      // verdict; except INADEQUATE_SECURITY, which no second attempt will change.
      return answer.code == Code::kPermissionDenied ? Kind::kRefused : Kind::kRetry;
    default:
      return Kind::kRetry;
  }
}

Outcome make_outcome(Kind kind, const ClientAnswer& answer) {
  Outcome outcome;
  outcome.kind = kind;
  if (kind != Kind::kDelivered) outcome.error = {answer.code, answer.message};
  if (kind == Kind::kRetry) outcome.retry_after = answer.retry_after;
  return outcome;
}

Kind kind_of_code(const ClientAnswer& answer, BareExhausted bare_exhausted) {
  if (answer.too_large) return Kind::kTooLarge;
  if (is_retryable_code(answer.code)) return Kind::kRetry;
  switch (answer.code) {
    case Code::kOk:
      return Kind::kDelivered;
    case Code::kResourceExhausted:
      return answer.retry_after || bare_exhausted == BareExhausted::kRetry ? Kind::kRetry
                                                                           : Kind::kRefused;
    case Code::kInvalidArgument:
      return Kind::kBadData;
    default:
      return Kind::kRefused;
  }
}

Kind kind_of_status(const ClientAnswer& answer, HttpRules rules) {
  if (answer.too_large) return Kind::kTooLarge;
  if (answer.http_status >= 200 && answer.http_status < 300) {
    if (rules == HttpRules::kRemoteWrite) return Kind::kDelivered;
    // A success whose body could not be read has a code that says so; never sent again.
    return answer.code == Code::kOk ? Kind::kDelivered : Kind::kRefused;
  }
  if (is_retryable_http_status(answer.http_status)) return Kind::kRetry;
  if (rules == HttpRules::kRemoteWrite && answer.http_status >= 500) return Kind::kRetry;
  return answer.http_status == 400 ? Kind::kBadData : Kind::kRefused;
}

}  // namespace

Outcome map_grpc_answer(const ClientAnswer& answer, BareExhausted bare_exhausted) {
  return make_outcome(answer.kind == ClientAnswer::Kind::kAnswered
                          ? kind_of_code(answer, bare_exhausted)
                          : kind_without_answer(answer),
                      answer);
}

Outcome map_http_answer(const ClientAnswer& answer, HttpRules rules) {
  return make_outcome(answer.kind == ClientAnswer::Kind::kAnswered ? kind_of_status(answer, rules)
                                                                   : kind_without_answer(answer),
                      answer);
}

std::string hint_of_closed_signal(const transport::ClientAnswer& answer, Signal signal) {
  if (answer.kind != transport::ClientAnswer::Kind::kAnswered) return {};
  const std::string name(signal_name(signal));
  if (answer.http_status == 404) {
    return " (the peer has nothing at the path for " + name +
           ": the path is wrong, or none of its pipelines takes " + name + ")";
  }
  if (answer.http_status == 0 && answer.code == Code::kUnimplemented) {
    return " (the peer does not take " + name +
           " here: none of its pipelines does, or the port is "
           "not one for OTLP)";
  }
  return {};
}

}  // namespace millrace::exporters
