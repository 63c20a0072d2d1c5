// Protobuf bytes to strict OTLP/JSON: lowerCamelCase keys, ids in hex, other bytes in base64,
// 64-bit integers as decimal strings, enums as numbers, NaN and the infinities as strings; one
// line, no spaces.
//
// Fields come out in the order in which they first appear, each once: repeated ones are gathered,
// singular messages merged, the last scalar and the last member of a oneof win, as libprotobuf
// reads them. Fields that OTLP does not define, and known ones with a foreign wire type, can't be
// written and are counted.
//
// Thread safe: no state. Cost: one pass; a message whose fields do not stand together is read a
// second time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/signal.h"
#include "otlp/json/schema.h"

namespace millrace::otlp::json {

struct Encoded {
  uint64_t dropped_field_count = 0;  // could not be written in JSON
};

// Appends the message as one JSON object. Precondition: strings are UTF-8, as in all that was
// admitted. kInvalidArgument when the bytes are not protobuf or nest deeper than 100 messages;
// `out` is then as it was.
Result<Encoded> encode(MessageId root, std::span<const uint8_t> message, std::string* out);

// Export<Signal>ServiceRequest.
inline Result<Encoded> encode_request(Signal signal, std::span<const uint8_t> message,
                                      std::string* out) {
  return encode(request_message(signal), message, out);
}

}  // namespace millrace::otlp::json
