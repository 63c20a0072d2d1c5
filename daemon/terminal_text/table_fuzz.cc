// For any cells and any width of the terminal: no line is wider than the terminal,
// none holds a control character, and colours change nothing but colours.
#include <string>

#include "base/check.h"
#include "base/printable_text.h"
#include "base/testing/fuzz_input.h"
#include "daemon/terminal_text/table.h"
#include "daemon/terminal_text/text_width.h"

namespace {

std::string without_colours(const std::string& line) {
  std::string plain;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      plain += line[i];
    } else {
      i = line.find('m', i);
      MILLRACE_CHECK(i != std::string::npos);
    }
  }
  return plain;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::terminal_text;
  millrace::testing::FuzzInput input(data, size);
  const size_t width = 1 + input.choice(200);
  std::vector<Column> columns(1 + input.choice(6));
  for (Column& column : columns) {
    column.may_shrink = input.flag();
    column.align = input.flag() ? Column::Align::kRight : Column::Align::kLeft;
    column.title = "TITLE";
  }
  Table table(columns);
  for (size_t row = 0; row < 8 && !input.empty(); ++row) {
    std::vector<Cell> cells;
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto style = static_cast<Style>(input.choice(6));
      cells.push_back({std::string(input.text()), style});
    }
    table.add(std::move(cells));
  }
  const auto lines = table.lines({.width = width});
  const auto coloured = table.lines({.width = width, .colours = Colours::kAnsi});
  MILLRACE_CHECK(lines.size() == coloured.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    MILLRACE_CHECK(text_width(lines[i]) <= width);
    MILLRACE_CHECK(millrace::is_printable(lines[i]));
    std::string plain = without_colours(coloured[i]);
    while (plain.ends_with(' ')) plain.pop_back();
    MILLRACE_CHECK(plain == lines[i]);
  }
  return 0;
}
