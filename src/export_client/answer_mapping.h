// Maps the answer to one attempt to its meaning for the batch: the tables of the OTLP specification
// ("Failures", "Retryable response codes") and what they leave open. Pure functions.
#pragma once

#include <cstdint>

#include "pipeline/exporter.h"
#include "transport/client/client.h"

namespace millrace::exporters {

// RESOURCE_EXHAUSTED with neither RetryInfo nor a word about size.
enum class BareExhausted : uint8_t { kRefuse, kRetry };

// Successes come out as kDelivered; whether it is a partial one stands in answer.body
// (partial_success.h).
pipeline::Outcome map_grpc_answer(const transport::ClientAnswer& answer,
                                  BareExhausted bare_exhausted);
enum class HttpRules : uint8_t {
  kOtlp,
  // 429 and every 5xx are sent again, as Prometheus's specification of remote write has it; the
  // body of a success says nothing.
  kRemoteWrite,
};
pipeline::Outcome map_http_answer(const transport::ClientAnswer& answer,
                                  HttpRules rules = HttpRules::kOtlp);
// To be put behind the message of a peer that has nothing for that signal (404, UNIMPLEMENTED), as
// collectors answer where no pipeline takes it; empty for other answers.
std::string hint_of_closed_signal(const transport::ClientAnswer& answer, Signal signal);

}  // namespace millrace::exporters
