// Interprets the answers of an OTLP endpoint. Thread safe: no state.
#pragma once

#include <cstdint>
#include <string>

#include "transport/client/client.h"

namespace millrace::load {

bool is_ok(const transport::ClientAnswer& answer);

// Whether another attempt may succeed, as OTLP defines for each code and status. An attempt without
// an answer may be repeated.
bool is_retryable(const transport::ClientAnswer& answer);

// The number of rejected items in a partial success; 0 for JSON answers.
uint64_t rejected_count(const transport::ClientAnswer& answer);
// The peer's reason or warning in a partial success, unchanged.
std::string partial_message(const transport::ClientAnswer& answer);

// Describes an answer: "INVALID_ARGUMENT (HTTP 400): no name", "not sent: connection refused".
std::string describe(const transport::ClientAnswer& answer);

}  // namespace millrace::load
