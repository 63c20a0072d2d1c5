// Any bytes as a protobuf body. What is translated passes admission and has an item for each span;
// twice the body is twice the spans; no memory stays reserved.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "otlp/admit.h"
#include "receivers/zipkin/testing.h"
#include "wire/protobuf.h"

namespace {

using namespace millrace;

uint32_t spans_in(const Bytes& request) {
  const auto admitted = otlp::admit(Signal::kTraces, request.view());
  MILLRACE_CHECK(admitted.has_value());
  return admitted->item_count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using receivers::zipkin::Format;
  using receivers::zipkin::testing::translate_text;
  testing::FuzzInput input(data, size);
  const bool parse_string_tags = input.flag();
  const std::string_view body = input.rest_text();
  const auto translated = translate_text(Format::kProtobuf, body, parse_string_tags);
  if (!translated) {
    MILLRACE_CHECK(!translated.error().message.empty());
    return 0;
  }
  uint32_t spans = 0;
  wire::FieldReader reader(as_span(body));
  for (wire::Field field; reader.next(&field);) {
    spans += field.is(1, wire::WireType::kLen) ? 1 : 0;
  }
  MILLRACE_CHECK(reader.ok());
  MILLRACE_CHECK(spans_in(*translated) == spans);
  const std::string twice = std::string(body) + std::string(body);
  const auto both = translate_text(Format::kProtobuf, twice, parse_string_tags);
  MILLRACE_CHECK(both && spans_in(*both) == 2 * spans);
  return 0;
}
