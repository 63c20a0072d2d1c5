// For any answer of a server: places in it read as text, and lists within the bounds of the answer.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "json_answer/json_answer.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::json_answer::JsonAnswer;
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  const auto answer = JsonAnswer::parse(text);
  if (!answer) return 0;
  for (const char* path : {"a", "a.b", "metadata.uid", "", ".", "a..b"}) {
    const std::string found = answer->text(path);
    MILLRACE_CHECK(found.size() <= text.size() && millrace::wire::is_utf8(found));
  }
  answer->number("a");
  answer->real("a");
  answer->flag("a");
  answer->each_number("a", [](std::string_view, int64_t) {});
  size_t listed = 0;
  for (const std::string& each : answer->texts("a")) listed += each.size();
  MILLRACE_CHECK(listed <= text.size());
  size_t count = 0;
  answer->each("a", [&](const JsonAnswer& each) { count += each.text("b").size() + 1; });
  answer->each_text("a", [&](std::string_view name, std::string_view value) {
    count += name.size() + value.size();
  });
  MILLRACE_CHECK(count <= text.size());
  return 0;
}
