// Compares the linear match with a recursive one that follows the definition of a pattern.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "base/text_pattern.h"

namespace {

bool matches_slowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return matches_slowly(pattern.substr(1), text) ||
           (!text.empty() && matches_slowly(pattern, text.substr(1)));
  }
  return !text.empty() && text[0] == pattern[0] &&
         matches_slowly(pattern.substr(1), text.substr(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::testing::FuzzInput input(data, size);
  // Short, because the recursive match takes exponential time.
  const std::string_view pattern = input.text().substr(0, 12);
  const std::string_view text = input.text().substr(0, 16);
  MILLRACE_CHECK(millrace::matches_pattern(pattern, text) == matches_slowly(pattern, text));
  MILLRACE_CHECK(millrace::matches_pattern("*", text));
  return 0;
}
