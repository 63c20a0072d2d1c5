// Decodes OTLP/JSON to protobuf bytes in one pass, without objects in between.
//
// Accepted forms (the OTLP specification's JSON mapping, as lenient as otelcol):
//   keys in lowerCamelCase or snake_case; unknown keys are skipped, but their values must be
//   valid JSON; ids in hex of either case, 16 or 8 bytes or empty; other bytes in base64,
//   standard or URL-safe, padded or not; integers as numbers or decimal strings, also 1e3 and 2.0;
//   enums as numbers or names; NaN and Infinity as strings; null for "absent", in an array of
//   messages for an empty message.
// A duplicate key is written twice, which in protobuf means: the last scalar and the last
// member of a oneof win, arrays are joined, messages merged.
//
// Fields are written in the order of the text. A scalar with its default value is omitted unless
// its presence has a meaning. The result passes admission.
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "memory/work.h"
#include "otlp/json/schema.h"

namespace millrace::otlp::json {

// The first step of reading, indexing the structure of the text, is one call of simdjson: 0.1 ms a
// MiB of telemetry, 0.25 ms of nothing but empty objects. It is longer than a slice of a loop's
// turn (2 ms) for texts longer than this.
inline constexpr size_t kBytesInASlice = 8 << 20;

// One thread. Keep a decoder: its parser's buffers are expensive to create. They are reserved in
// the budget: about six times the text; kept for texts up to 1 MiB (or a 512th of a small budget),
// released after larger ones.
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // The text must be one JSON object, the message `root`. The result is in one chunk.
  //   kInvalidArgument    not JSON, not UTF-8, or not this message; the message names the line and
  //                       column (in bytes, from 1) and the field:
  //                       "line 3, column 14: resourceSpans[0].scopeSpans[1].spans[3].traceId:
  //                       expected 32 hex digits, found "abc""
  //   kResourceExhausted  more than max_bytes of protobuf, or reading needs more memory than the
  //                       whole budget: final
  //   kUnavailable        the budget refused now; the message begins with "memory"
  //
  // While the pace of the work suspends a call, others may use this decoder. The first step is
  // never interrupted (kBytesInASlice).
  Result<Bytes> decode(MessageId root, const Bytes& json, Work& work, size_t max_bytes);
  // Decodes without a pause.
  Result<Bytes> decode(MessageId root, const Bytes& json, ChunkPool& pool, size_t max_bytes) {
    Pace pace;
    Work work{pool, pace};
    return decode(root, json, work, max_bytes);
  }
  // Decodes an Export<Signal>ServiceRequest.
  Result<Bytes> decode_request(Signal signal, const Bytes& json, Work& work, size_t max_bytes) {
    return decode(request_message(signal), json, work, max_bytes);
  }
  Result<Bytes> decode_request(Signal signal, const Bytes& json, ChunkPool& pool,
                               size_t max_bytes) {
    return decode(request_message(signal), json, pool, max_bytes);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::otlp::json
