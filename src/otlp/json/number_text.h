// The text of a protobuf number in OTLP/JSON: integers of 64 bits as strings, enums as numbers.
#pragma once

#include <cstdint>
#include <string>

#include "otlp/json/schema.h"

namespace millrace::otlp::json {

// `bits` as they are on the wire: a varint, or a fixed number of 4 or 8 bytes. `kind` is one of the
// numbers; pure function.
void append_number(Kind kind, uint64_t bits, std::string* out);

}  // namespace millrace::otlp::json
