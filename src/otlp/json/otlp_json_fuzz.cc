// Decoding never crashes and never accepts invalid JSON. Decoded bytes can be encoded, and the
// encoded text is a fixed point: it decodes to bytes that encode to the same text.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "otlp/json/decode.h"
#include "otlp/json/encode.h"
#include "otlp/json/syntax.h"

using namespace millrace;
using namespace millrace::otlp::json;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  static Budget budget(64 << 20);
  static ChunkPool pool(budget, 2);
  static Decoder decoder;
  const auto root = static_cast<MessageId>(data[0] % kMessageCount);
  const std::span<const uint8_t> input(data + 1, size - 1);
  const Result<Bytes> bytes = decoder.decode(root, Bytes::copy_of(input), pool, 1 << 20);
  if (bytes) {
    MILLRACE_CHECK(!find_syntax_error(as_text(input)));
    std::string text;
    MILLRACE_CHECK(encode(root, bytes->view(), &text).has_value());
    MILLRACE_CHECK(!find_syntax_error(text));
    const Result<Bytes> again = decoder.decode(root, Bytes::copy_of(text), pool, 1 << 20);
    MILLRACE_CHECK(again.has_value());
    std::string fixed;
    MILLRACE_CHECK(encode(root, again->view(), &fixed).has_value());
    MILLRACE_CHECK(fixed == text);
  }
  // Arbitrary bytes: encoding refuses them or writes JSON, unless a string is not UTF-8.
  std::string text;
  (void)encode(root, input, &text);
  return 0;
}
