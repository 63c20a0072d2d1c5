#include "daemon/terminal_text/table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/printable_text.h"
#include "daemon/terminal_text/text_width.h"

namespace millrace::terminal_text {
namespace {

constexpr size_t kGap = 2;

std::string_view code_of(Style style) {
  switch (style) {
    case Style::kDim:
      return "2";
    case Style::kBold:
      return "1";
    case Style::kGood:
      return "32";
    case Style::kWarning:
      return "33";
    case Style::kBad:
      return "31";
    case Style::kPlain:
      break;
  }
  return {};
}

size_t total(const std::vector<size_t>& widths) {
  size_t sum = widths.empty() ? 0 : kGap * (widths.size() - 1);
  for (const size_t width : widths) sum += width;
  return sum;
}

}  // namespace

std::string styled(std::string_view text, Style style, Colours colours) {
  const std::string_view code = code_of(style);
  if (colours == Colours::kNone || code.empty() || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string line_of(std::string_view text, Style style, const Layout& layout) {
  std::string printable;
  append_printable(printable, text);
  if (layout.width != 0) printable = cut_to_width(printable, layout.width);
  return styled(printable, style, layout.colours);
}

void Table::add(std::vector<Cell> row) {
  MILLRACE_CHECK(row.size() == columns_.size());
  for (Cell& cell : row) {
    std::string printable;
    // Longer texts are cut to kWidest columns; a character has at most four bytes, and an escape is
    // longer than what it stands for.
    append_printable(printable, std::string_view(cell.text).substr(0, 4 * kWidest));
    cell.text = cut_to_width(printable, kWidest);
  }
  rows_.push_back(std::move(row));
}

std::vector<size_t> Table::widths(size_t width_max) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = text_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, text_width(row[i].text));
    widths.push_back(width);
  }
  while (width_max != 0 && total(widths) > width_max) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!columns_[i].may_shrink || widths[i] <= kNarrowest) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;  // the lines are cut
    --widths[widest];
  }
  return widths;
}

std::string Table::line(const std::vector<Cell>& row, const std::vector<size_t>& widths,
                        const Layout& layout) const {
  std::string out;
  size_t at = 0;  // columns
  for (size_t i = 0; i < row.size(); ++i) {
    const bool is_last = i + 1 == row.size();
    size_t room = widths[i];
    if (layout.width != 0) {
      if (at >= layout.width) break;
      room = std::min(room, layout.width - at);
    }
    const std::string text = cut_to_width(row[i].text, room);
    const std::string padding(room - text_width(text), ' ');
    const bool is_right = columns_[i].align == Column::Align::kRight;
    if (is_right) out += padding;
    out += styled(text, row[i].style, layout.colours);
    at += room;
    if (is_last) break;
    if (!is_right) out += padding;
    out.append(layout.width == 0 ? kGap : std::min(kGap, layout.width - at), ' ');
    at += kGap;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::vector<std::string> Table::lines(const Layout& layout) const {
  const std::vector<size_t> widths = this->widths(layout.width);
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Style::kDim});
  std::vector<std::string> lines = {line(titles, widths, layout)};
  for (const auto& row : rows_) lines.push_back(line(row, widths, layout));
  return lines;
}

}  // namespace millrace::terminal_text
