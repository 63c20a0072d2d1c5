// A request as strict OTLP/JSON, for exporters that write text.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"

namespace millrace {

// Precondition: the request passed admission. The text is reserved as output that drains a full
// process does (it may pass the budget's limit), and paced. `doing` ("making Kafka messages") is
// for the error when there is no memory: kUnavailable, or kResourceExhausted where there never will
// be. kInvalidArgument: the request cannot be written as JSON.
Result<Rope> encode_as_json(Signal signal, const Rope& request, Work& work, std::string_view doing);

}  // namespace millrace
