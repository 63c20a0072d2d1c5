// A message of any bytes is refused with a reason, or becomes a request that passes admission
// and has as many items as it says. Bodies come out as they went in.
#include <cstdint>

#include "base/check.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/item_count.h"
#include "otlp/views.h"
#include "receivers/kafka/message_decoder.h"

using namespace millrace;                    // NOLINT
using namespace millrace::receivers::kafka;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  constexpr Encoding kEncodings[] = {Encoding::kProto, Encoding::kJson, Encoding::kRaw,
                                     Encoding::kText};
  const Encoding encoding = kEncodings[data[0] & 3];
  const bool is_of_logs = encoding == Encoding::kRaw || encoding == Encoding::kText;
  const Signal signal = is_of_logs ? Signal::kLogs : kSignals[data[0] >> 2 & 3];
  const std::span<const uint8_t> content(data + 1, size - 1);
  if (content.empty()) return 0;
  millrace::testing::TestWork memory(size_t{64} << 20);
  MessageDecoder decoder;
  const auto message = MessageDecoder::copy(content, memory.pool);
  MILLRACE_CHECK(message.has_value());
  const auto decoded = decoder.decode(signal, encoding, *message, WallTime(1s), memory.work);
  if (!decoded) {
    MILLRACE_CHECK(!decoded.error().message.empty());
    return 0;
  }
  const auto admitted = otlp::admit(signal, decoded->request.view());
  MILLRACE_CHECK(admitted.has_value());
  MILLRACE_CHECK(admitted->item_count == decoded->item_count);
  MILLRACE_CHECK(otlp::count_items(signal, Rope(decoded->request)) == decoded->item_count);
  if (is_of_logs) {
    MILLRACE_CHECK(decoded->item_count == 1);
    MILLRACE_CHECK(decoded->request.text().contains(as_text(content)));
  }
  return 0;
}
