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
  uint64_t dropped_field_count = 0;  // could not be written in JSON
};

// Appends the message as one JSON object. Precondition: strings are UTF-8, as in all that was
// admitted. kInvalidArgument when the bytes are not protobuf, nest deeper than 100 messages, or
// when parts of singular messages that stand apart would have to be copied together many times
// over; `out` is then as it was.
Result<Encoded> encode(MessageId root, std::span<const uint8_t> message, std::string* out,
                       Pace* pace = nullptr);

// Export<Signal>ServiceRequest.
inline Result<Encoded> encode_request(Signal signal, std::span<const uint8_t> message,
                                      std::string* out, Pace* pace = nullptr) {
  return encode(request_message(signal), message, out, pace);
}

// Receives JSON piece by piece, so that the text is never held whole. False stops the encoder.
class TextSink {
 public:
  virtual bool take(std::string_view text) = 0;

 protected:
  ~TextSink() = default;
};

// The same in stretches of about 32 KiB. Each ResourceX must lie in one piece or is copied together
// (`join`: nothing stops the encoder). False when the sink or `join` stopped it, or the bytes are
// not a valid request.
using Join = std::function<std::optional<Bytes>(const Rope&)>;
bool encode_request(Signal signal, const Rope& request, const Join& join, TextSink& sink,
                    Pace& pace);

}  // namespace millrace::otlp::json
