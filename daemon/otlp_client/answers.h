// What an answer of an OTLP endpoint means to the sender of the request. Thread safe: no state.
#pragma once

#include <cstdint>
#include <string>

#include "transport/client/client.h"

namespace millrace::load {

bool is_ok(const transport::ClientAnswer& answer);

// Whether another attempt may succeed, as OTLP says for each code and status, and for attempts
// that got no answer.
bool is_retryable(const transport::ClientAnswer& answer);

// Items that a partial success says were rejected; 0 for JSON answers.
uint64_t rejected_count(const transport::ClientAnswer& answer);
// And why, or a warning; as the peer wrote it.
std::string partial_message(const transport::ClientAnswer& answer);

// "INVALID_ARGUMENT (HTTP 400): no name", "not sent: connection refused".
std::string describe(const transport::ClientAnswer& answer);

}  // namespace millrace::load
