#include "base/printable_text.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

TEST(PrintableTextTest, ControlSequencesAreEscaped) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } kCases[] = {
      {"", ""},
      {"plain text, \"quotes\" and \\ backslashes", "plain text, \"quotes\" and \\ backslashes"},
      {"a\nb\r\tc", "a\\nb\\r\\tc"},
      {"\x1b[2Jgone", "\\u001b[2Jgone"},
      {std::string_view("\0\x7f", 2), "\\u0000\\u007f"},
      {"\xc2\x9b"
       "31m",
       "\\u009b31m"},                             // CSI as one C1 character
      {"\xe2\x80\xa8x", "\\u2028x"},              // line separator
      {"\xe2\x80\xaetxt.exe", "\\u202etxt.exe"},  // right-to-left override
      {"\xef\xbb\xbf", "\\ufeff"},
      {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
       "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"\xff|\xc0\x8a|\xe2\x82|\xed\xa0\x80",
       "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd"
       "\xef\xbf\xbd"},
      {"cut \xf0\x9f", "cut \xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_EQ(printable(text), expected);
    EXPECT_EQ(is_printable(text), text == expected) << expected;
    EXPECT_TRUE(is_printable(expected)) << expected;
  }
}

}  // namespace
}  // namespace millrace
