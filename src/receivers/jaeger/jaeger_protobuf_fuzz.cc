// Any bytes as a PostSpansRequest. What is translated passes admission and has at most an item for
// each span; the same spans twice are twice the items; no memory stays reserved.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "otlp/admit.h"
#include "receivers/jaeger/testing.h"
#include "wire/protobuf.h"

namespace {

using namespace millrace;

uint32_t items_of(const Bytes& request) {
  const auto admitted = otlp::admit(Signal::kTraces, request.view());
  MILLRACE_CHECK(admitted.has_value());
  return admitted->item_count;
}

uint32_t spans_in(std::string_view body) {
  uint32_t spans = 0;
  wire::FieldReader reader(as_span(body));
  for (wire::Field outer; reader.next(&outer);) {
    if (!outer.is(1, wire::WireType::kLen)) continue;
    wire::FieldReader batch(outer.bytes);
    for (wire::Field field; batch.next(&field);) {
      spans += field.is(1, wire::WireType::kLen) ? 1 : 0;
    }
  }
  return spans;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using receivers::jaeger::Format;
  using receivers::jaeger::testing::translate_text;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto translated = translate_text(Format::kProtobuf, body);
  if (!translated) {
    MILLRACE_CHECK(!translated.error().message.empty());
    return 0;
  }
  const uint32_t items = items_of(*translated);
  MILLRACE_CHECK(items <= spans_in(body));
  const auto both = translate_text(Format::kProtobuf, std::string(body) + std::string(body));
  MILLRACE_CHECK(both && items_of(*both) == 2 * items);
  return 0;
}
