#include <algorithm>
#include <utility>

#include "daemon/show/show_text.h"
#include "daemon/terminal_text/units.h"

namespace millrace::show {
namespace {

using terminal_text::Cell;
using terminal_text::line_of;
using terminal_text::Style;
using terminal_text::Table;

// The numbers of OTLP's data model, four for each name.
std::string_view level_of(int64_t severity) {
  constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  if (severity < 1 || severity > 24) return "";
  return kNames[(severity - 1) / 4];
}

Style style_of(int64_t severity) {
  if (severity >= 17) return Style::kBad;
  if (severity >= 13) return Style::kWarning;
  return severity < 9 && severity > 0 ? Style::kDim : Style::kPlain;
}

struct Row {
  int64_t at;
  size_t place;  // in the answer, which orders those of the same time
  std::vector<Cell> cells;
};

}  // namespace

std::string attributes_text(const JsonAnswer& item, std::string_view path) {
  std::string text;
  item.each(path, [&](const JsonAnswer& attribute) {
    if (!text.empty()) text += ' ';
    text += attribute.text("key") + "=" + attribute.text("value");
    if (attribute.flag("is_cut")) text += "…";
  });
  return text;
}

Lines log_lines(const JsonAnswer& list, const Layout& layout, LogOrder order, Titles titles) {
  std::vector<Row> rows;
  list.each("logs", [&](const JsonAnswer& record) {
    const int64_t severity = record.number("severity_number").value_or(0);
    const int64_t at = std::max<int64_t>(0, record.number("time_unix_nano").value_or(0));
    std::string text = record.text("body");
    if (const std::string event = record.text("event_name"); !event.empty()) {
      text = text.empty() ? event : event + ": " + text;
    }
    if (record.flag("body_is_cut")) text += "…";
    if (const std::string more = attributes_text(record, "attributes"); !more.empty()) {
      text += "  " + more;
    }
    rows.push_back({at,
                    rows.size(),
                    {{terminal_text::clock_text(static_cast<uint64_t>(at)), Style::kDim},
                     {std::string(level_of(severity)), style_of(severity)},
                     {record.text("service")},
                     {text, severity >= 17 ? Style::kBad : Style::kPlain},
                     {record.text("trace_id"), Style::kDim}}});
  });
  if (rows.empty()) {
    return titles == Titles::kShown ? Lines{line_of("no log record matches", Style::kPlain, layout)}
                                    : Lines{};
  }
  Table table({{.title = "TIME"},
               {.title = "LEVEL"},
               {.title = "SERVICE", .may_shrink = true},
               {.title = "BODY AND ATTRIBUTES", .may_shrink = true},
               {.title = "TRACE ID", .may_shrink = true}});
  if (order == LogOrder::kReversed) std::ranges::reverse(rows);
  if (order == LogOrder::kByTime) {
    std::ranges::sort(rows, {}, [](const Row& row) { return std::pair(row.at, row.place); });
  }
  for (Row& row : rows) table.add(std::move(row.cells));
  Lines lines = table.lines(layout);
  if (titles == Titles::kLeftOut) lines.erase(lines.begin());
  return lines;
}

}  // namespace millrace::show
