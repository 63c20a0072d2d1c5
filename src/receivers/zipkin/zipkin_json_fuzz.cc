// Any text as a JSON body. What is translated is JSON by the exact grammar and passes admission,
// with one item for each object of the array; what is not JSON is refused; no memory stays
// reserved.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "otlp/admit.h"
#include "otlp/json/syntax.h"
#include "receivers/zipkin/testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using receivers::zipkin::Format;
  testing::FuzzInput input(data, size);
  const bool parse_string_tags = input.flag();
  const std::string_view text = input.rest_text();
  const auto translated =
      receivers::zipkin::testing::translate_text(Format::kJson, text, parse_string_tags);
  if (!translated) {
    MILLRACE_CHECK(!translated.error().message.empty());
    return 0;
  }
  MILLRACE_CHECK(!otlp::json::find_syntax_error(text));
  const auto admitted = otlp::admit(Signal::kTraces, translated->view());
  if (!admitted) std::fprintf(stderr, "%s\n", admitted.error().to_error().message.c_str());
  MILLRACE_CHECK(admitted.has_value());
  MILLRACE_CHECK((admitted->item_count == 0) == translated->empty());
  return 0;
}
