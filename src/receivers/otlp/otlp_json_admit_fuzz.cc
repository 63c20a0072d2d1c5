// Admission accepts the output of the JSON decoder: a sender of JSON never gets an error about the
// protobuf that was made of its text.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/check.h"
#include "otlp/admit.h"
#include "otlp/json/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size < 1) return 0;
  const Signal signal = kSignals[data[0] % kSignalCount];
  Budget budget(64 << 20);
  {
    ChunkPool pool(budget, 0);
    otlp::json::Decoder decoder;
    const auto text = std::span(data + 1, size - 1);
    const Result<Bytes> decoded =
        decoder.decode_request(signal, Bytes::copy_of(text), pool, 16 << 20);
    if (decoded) {
      const auto admitted = otlp::admit(signal, decoded->view());
      if (!admitted) std::fprintf(stderr, "%s\n", admitted.error().to_error().message.c_str());
      MILLRACE_CHECK(admitted.has_value());
    }
  }
  MILLRACE_CHECK(budget.used() == 0);
  return 0;
}
