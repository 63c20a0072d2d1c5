// A list that reads has attributes with keys, each once, in UTF-8; unescaping undoes escaping.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "base/url_escape.h"
#include "processors/resourcedetection/environment_list.h"
#include "transport/client/web_url.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  namespace detection = millrace::processors::resourcedetection;
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  const std::string escaped = transport::encode_form_text(text);
  MILLRACE_CHECK(unescape_url(escaped, UrlPart::kQuery) == text);
  const auto found = detection::parse_environment_list(text);
  if (!found) return 0;
  MILLRACE_CHECK(found->attributes.size() <= detection::kAttributesMax);
  for (const detection::Attribute& each : found->attributes) {
    MILLRACE_CHECK(!each.key.empty() && wire::is_utf8(each.key));
    MILLRACE_CHECK(found->find(each.key) == &each);
  }
  MILLRACE_CHECK(wire::is_utf8(found->to_text()));
  return 0;
}
