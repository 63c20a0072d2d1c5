#include "daemon/terminal_text/printable_lines.h"

#include <gtest/gtest.h>

namespace millrace::terminal_text {
namespace {

TEST(PrintableLinesTest, LinesStayAndCommandsOfATerminalDoNot) {
  EXPECT_EQ(printable_lines(""), "");
  EXPECT_EQ(printable_lines("a\n\nb\n"), "a\n\nb\n");
  EXPECT_EQ(printable_lines("a\x1b[2J\r\nb\x7f"), "a\\u001b[2J\\r\nb\\u007f");
}

TEST(PrintableLinesTest, JsonStaysTheSameJson) {
  // U+009B begins a command as ESC [ does, and JSON allows it in texts.
  EXPECT_EQ(printable_lines("{\"a\":\"\xc2\x9b"
                            "2J\xe2\x80\xae\"}"),
            R"({"a":"\u009b2J\u202e"})");
}

}  // namespace
}  // namespace millrace::terminal_text
