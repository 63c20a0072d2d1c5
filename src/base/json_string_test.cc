#include "base/json_string.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(JsonStringTest, ForbiddenCharactersAreEscapedAndUtf8IsKept) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("plain"), "\"plain\"");
  EXPECT_EQ(json_string("a\"b\\c/\n\r\t"), R"("a\"b\\c/\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\x01\x1f\x7f\0caf\xC3\xA9", 9)),
            "\"\\u0001\\u001f\\u007f\\u0000caf\xC3\xA9\"");
}

TEST(JsonStringTest, AppendingKeepsTheText) {
  std::string out = "{";
  append_json_string(out, "k");
  EXPECT_EQ(out, "{\"k\"");
}

}  // namespace
}  // namespace millrace
