// Reads the requests of one file in any format: dead letters, OTLP JSON lines, and length-prefixed
// protobuf or JSON, compressed by zstd or not. The format of each frame is determined separately,
// so that concatenated files can be read.
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
  // The other fields of the dead letter; its request is empty.
  std::optional<dead_letter::Record> letter;
};

// One thread; shared by the files of a run, because its buffers are expensive to create.
class RequestDecoder {
 public:
  // `signal` applies to all requests that do not name theirs (protobuf); nothing: it is guessed.
  explicit RequestDecoder(std::optional<Signal> signal = std::nullopt);
  // kInvalidArgument with the reason for people. A request without items is returned with count 0.
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

// The signal of an OTLP/JSON request by its first key ("resourceSpans"); nothing for other texts.
std::optional<Signal> signal_of_json(std::string_view text);

}  // namespace millrace::replay
