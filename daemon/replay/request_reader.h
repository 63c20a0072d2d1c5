// The requests of one file, whatever format its writer chose: dead letters, OTLP JSON lines, and
// length-prefixed protobuf or JSON, compressed by zstd or not. Each frame is looked at by itself,
// so a file that was put together from several is read as well.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "compress/decompressor.h"
#include "daemon/replay/frame_reader.h"
#include "dead_letter/record.h"
#include "memory/chunk_pool.h"
#include "otlp/json/decode.h"

namespace millrace::replay {

struct FoundRequest {
  Signal signal = Signal::kTraces;
  Bytes bytes;  // a valid Export<Signal>ServiceRequest in protobuf
  uint32_t item_count = 0;
  std::string where;
  // What the dead letter said besides; its request is empty.
  std::optional<dead_letter::Record> letter;
};

// One thread; shared by the files of a run, because its buffers are dear.
class RequestDecoder {
 public:
  // `signal`: of all requests that do not name theirs (protobuf); nothing: it is guessed.
  explicit RequestDecoder(std::optional<Signal> signal = std::nullopt);
  // kInvalidArgument with the reason, for people. A request without items is found with count 0.
  Result<FoundRequest> decode(const Frame& frame);

 private:
  Result<FoundRequest> decode_letter(const Bytes& line);
  Result<FoundRequest> decode_json(const Bytes& text);
  Result<FoundRequest> decode_protobuf(const Bytes& message);
  Result<FoundRequest> admitted(Signal signal, Bytes message);

  const std::optional<Signal> signal_;
  Budget budget_;
  ChunkPool pool_;
  dead_letter::Parser letters_;
  otlp::json::Decoder json_;
  compress::Decompressor decompressor_;
};

// Signal of an OTLP/JSON request by its first key ("resourceSpans"); nothing when it is none.
std::optional<Signal> signal_of_json(std::string_view text);

}  // namespace millrace::replay
