// Encodes protobuf bytes as strict OTLP/JSON: lowerCamelCase keys, ids in hex, other bytes in
// base64, 64-bit integers as decimal strings, enums as numbers, NaN and the infinities as strings;
// one line, no spaces.
//
// Fields are written once, in the order of their first appearance: repeated fields are gathered,
// singular messages merged, the last scalar and the last member of a oneof win, as libprotobuf
// reads them. Fields that OTLP does not define, and known ones with another wire type, can't be
// written and are counted.
//
// Thread safe: no state. Cost: one pass; a message in which a field's values are not adjacent is
// read a second time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/result.h"
#include "base/signal.h"
#include "otlp/json/schema.h"

namespace millrace::otlp::json {

struct Encoded {
  uint64_t dropped_field_count = 0;  // fields that could not be written in JSON
};

// Appends the message as one JSON object. Precondition: strings are UTF-8, as in all admitted
// messages. kInvalidArgument when the bytes are not protobuf, nest deeper than 100 messages, or
// when separate parts of singular messages would have to be copied together too many times;
// `out` is then unchanged.
Result<Encoded> encode(MessageId root, std::span<const uint8_t> message, std::string* out,
                       Pace* pace = nullptr);

// Encodes an Export<Signal>ServiceRequest.
inline Result<Encoded> encode_request(Signal signal, std::span<const uint8_t> message,
                                      std::string* out, Pace* pace = nullptr) {
  return encode(request_message(signal), message, out, pace);
}

// Receives JSON in pieces, so that the text is never in memory as a whole. False stops the encoder.
class TextSink {
 public:
  virtual bool take(std::string_view text) = 0;

 protected:
  ~TextSink() = default;
};

// Encodes a request in pieces of about 32 KiB. A ResourceX in several pieces is copied together by
// `join`, which stops the encoder by returning nothing. Returns false when the sink or `join`
// stopped it, or the bytes are not a valid request.
using Join = std::function<std::optional<Bytes>(const Rope&)>;
bool encode_request(Signal signal, const Rope& request, const Join& join, TextSink& sink,
                    Pace& pace);

}  // namespace millrace::otlp::json
