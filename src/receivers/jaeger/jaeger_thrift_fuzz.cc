// Any bytes as a batch or a call in Thrift. What is translated passes admission, is the same with
// bytes behind its end, and every shorter beginning of it is refused or has the same spans; no
// memory stays reserved, and no more than a multiple of the body is ever taken.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "otlp/admit.h"
#include "receivers/jaeger/testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using receivers::jaeger::Format;
  using receivers::jaeger::testing::translate_text;
  testing::FuzzInput input(data, size);
  const auto format = static_cast<Format>(1 + input.choice(3));
  const std::string_view body = input.rest_text();
  const auto translated = translate_text(format, body);
  if (!translated) {
    // A few kilobytes never need more memory than there is.
    MILLRACE_CHECK(translated.error().code == Code::kInvalidArgument || body.size() > 100'000);
    MILLRACE_CHECK(!translated.error().message.empty());
    return 0;
  }
  const auto admitted = otlp::admit(Signal::kTraces, translated->view());
  MILLRACE_CHECK(admitted.has_value());
  const auto longer = translate_text(format, std::string(body) + "behind the end");
  MILLRACE_CHECK(longer && longer->text() == translated->text());
  if (body.empty()) return 0;
  const auto shorter = translate_text(format, body.substr(0, body.size() - 1));
  MILLRACE_CHECK(!shorter || shorter->text() == translated->text());
  return 0;
}
