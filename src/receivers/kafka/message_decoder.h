// From the bytes of a message to an admitted request. All that is made is reserved in the budget; a
// long message is paced. One thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "memory/work.h"
#include "otlp/json/decode.h"
#include "receivers/kafka/options.h"

namespace millrace::receivers::kafka {

class MessageDecoder {
 public:
  struct Decoded {
    Bytes request;  // passed admission
    uint32_t item_count = 0;
  };

  // Copies a message out of the library's memory, which holds a whole response of a broker. Fails
  // with kUnavailable when the budget has no room now, with kResourceExhausted when it never will.
  static Result<Bytes> copy(std::span<const uint8_t> message, ChunkPool& pool);

  // `message` came from copy(). `now`: the observed time of a log record that is made of the bytes.
  //   kInvalidArgument    the message is not what the encoding says
  //   kUnavailable        no memory now
  //   kResourceExhausted  it takes more memory than there is
  Result<Decoded> decode(Signal signal, Encoding encoding, const Bytes& message, WallTime now,
                         Work& work);

 private:
  otlp::json::Decoder json_;
};

}  // namespace millrace::receivers::kafka
