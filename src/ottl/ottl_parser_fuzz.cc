// A text that is read prints as a text that is read as the same tree. Errors name a place inside
// the text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "ottl/parser.h"
#include "ottl/syntax_text.h"

namespace {

using namespace millrace;

template <class Tree>
void check(Result<Tree> (*parse)(std::string_view), std::string_view text) {
  const Result<Tree> tree = parse(text);
  if (!tree) {
    MILLRACE_CHECK(tree.error().code == Code::kInvalidArgument);
    MILLRACE_CHECK(tree.error().message.size() < 2048);
    return;
  }
  const std::string printed = ottl::to_text(*tree);
  const Result<Tree> again = parse(printed);
  // The brackets that printing adds may pass a limit.
  if (!again) {
    MILLRACE_CHECK(again.error().message.contains("levels of brackets") ||
                   again.error().message.contains("words and signs") ||
                   again.error().message.contains("bytes; at most"));
    return;
  }
  MILLRACE_CHECK(ottl::to_text(*again) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      check(ottl::parse_statement, text);
      break;
    case 1:
      check(ottl::parse_condition, text);
      break;
    default:
      check(ottl::parse_value, text);
  }
  return 0;
}
