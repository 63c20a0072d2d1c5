#include "daemon/terminal_text/table.h"

#include <gtest/gtest.h>

namespace millrace::terminal_text {
namespace {

using Lines = std::vector<std::string>;

Table people() {
  Table table({{.title = "NAME", .may_shrink = true},
               {.title = "AGE", .align = Column::Align::kRight},
               {.title = "CITY", .may_shrink = true}});
  table.add({{"Ada"}, {"36"}, {"London"}});
  table.add({{"A name that is long"}, {"7"}, {"Rome"}});
  return table;
}

TEST(TableTest, ColumnsAreAligned) {
  EXPECT_EQ(people().lines({}),
            (Lines{"NAME                 AGE  CITY", "Ada                   36  London",
                   "A name that is long    7  Rome"}));
}

TEST(TableTest, TheWidestColumnMakesRoom) {
  EXPECT_EQ(
      people().lines({.width = 24}),
      (Lines{"NAME         AGE  CITY", "Ada           36  London", "A name tha…    7  Rome"}));
}

TEST(TableTest, ATooNarrowTerminalCutsTheLines) {
  for (size_t width = 1; width < 30; ++width) {
    for (const std::string& line : people().lines({.width = width})) {
      // The mark has one column and three bytes.
      EXPECT_LE(line.size(), width + 2 * 3) << line;
    }
  }
}

TEST(TableTest, CellsCannotCommandTheTerminal) {
  Table table({{.title = "A"}});
  table.add({{"\x1b[2J\nnext\xff"}});
  EXPECT_EQ(table.lines({}).at(1), "\\u001b[2J\\nnext\xef\xbf\xbd");
  EXPECT_EQ(table.lines({.colours = Colours::kAnsi}).at(1).find('\x1b'), std::string::npos);
}

TEST(TableTest, ColoursAreOutsideOfTheWidth) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.add({{"bad", Style::kBad}, {"x"}});
  EXPECT_EQ(table.lines({.width = 20, .colours = Colours::kAnsi}).at(1), "\x1b[31mbad\x1b[0m  x");
  EXPECT_EQ(table.lines({.width = 20}).at(1), "bad  x");
}

}  // namespace
}  // namespace millrace::terminal_text
