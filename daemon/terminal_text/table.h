// A table of text with aligned columns. Cells may hold any text: it is made printable here.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::terminal_text {

enum class Colours : uint8_t { kNone, kAnsi };
enum class Style : uint8_t { kPlain, kDim, kBold, kGood, kWarning, kBad };

// The text in the colours of the style, or as it is.
std::string styled(std::string_view text, Style style, Colours colours);

// The limits of a text. `width`: columns of the terminal; 0: no limit.
struct Layout {
  size_t width = 0;
  Colours colours = Colours::kNone;
};

// A line beside a table: any text, made printable and cut to the layout.
std::string line_of(std::string_view text, Style style, const Layout& layout);

struct Column {
  enum class Align : uint8_t { kLeft, kRight };
  std::string title;
  Align align = Align::kLeft;
  // Made narrower, down to kNarrowest, where the table is too wide.
  bool may_shrink = false;
};

struct Cell {
  std::string text;
  Style style = Style::kPlain;
};

class Table {
 public:
  static constexpr size_t kNarrowest = 8;
  // A wider cell is cut in any case.
  static constexpr size_t kWidest = 400;

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as there are columns.
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  // The line of titles and a line for each row, none wider than the layout.
  std::vector<std::string> lines(const Layout& layout) const;

 private:
  std::vector<size_t> widths(size_t width_max) const;
  std::string line(const std::vector<Cell>& row, const std::vector<size_t>& widths,
                   const Layout& layout) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // printable
};

}  // namespace millrace::terminal_text
