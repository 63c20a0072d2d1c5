#include <fmt/format.h>

#include <algorithm>

#include "daemon/show/show_text.h"
#include "daemon/terminal_text/units.h"

namespace millrace::show {
namespace {

using terminal_text::Cell;
using terminal_text::Column;
using terminal_text::count_text;
using terminal_text::line_of;
using terminal_text::Style;
using terminal_text::Table;
using Align = Column::Align;

std::string count_of(int64_t count) {
  const std::string text = count_text(terminal_text::magnitude(count));
  return count < 0 ? "-" + text : text;
}

Cell cell_of(int64_t count, Style style) {
  return count == 0 ? Cell{"0", Style::kDim} : Cell{count_of(count), style};
}

}  // namespace

Lines ledger_lines(const JsonAnswer& ledger, const Layout& layout) {
  Table table({{.title = "SIGNAL"},
               {.title = "PIPELINE", .may_shrink = true},
               {.title = "DESTINATION", .may_shrink = true},
               {.title = "IN", .align = Align::kRight},
               {.title = "DELIVERED", .align = Align::kRight},
               {.title = "FILTERED", .align = Align::kRight},
               {.title = "SAMPLED OUT", .align = Align::kRight},
               {.title = "REJECTED", .align = Align::kRight},
               {.title = "DROPPED", .align = Align::kRight},
               {.title = "HELD", .align = Align::kRight}});
  Lines reasons;
  ledger.each("accounts", [&](const JsonAnswer& account) {
    const auto number = [&](std::string_view name) { return account.number(name).value_or(0); };
    table.add({{account.text("signal")},
               {account.text("pipeline")},
               {account.text("destination")},
               {count_of(terminal_text::sum_of(number("admitted"), number("recovered")))},
               cell_of(number("delivered"), Style::kGood),
               cell_of(number("filtered"), Style::kPlain),
               cell_of(number("sampled_out"), Style::kPlain),
               cell_of(number("rejected_by_peer"), Style::kBad),
               cell_of(number("dropped_total"), Style::kBad),
               cell_of(number("held"), Style::kWarning)});
    account.each_number("dropped", [&](std::string_view reason, int64_t count) {
      reasons.push_back(line_of("dropped: " + count_of(count) + " " + account.text("signal") +
                                    " of " + account.text("destination") + ", " +
                                    std::string(reason),
                                Style::kBad, layout));
    });
  });
  Lines lines = table.empty() ? Lines{line_of("no item has been received", Style::kPlain, layout)}
                              : table.lines(layout);
  lines.insert(lines.end(), reasons.begin(), reasons.end());
  const bool is_balanced = ledger.flag("is_balanced");
  lines.push_back(
      line_of(fmt::format("{} after {} audits", is_balanced ? "balanced" : "NOT balanced",
                          count_of(ledger.number("audits").value_or(0))),
              is_balanced ? Style::kGood : Style::kBad, layout));
  for (const std::string& finding : ledger.texts("findings")) {
    lines.push_back(line_of(finding, Style::kBad, layout));
  }
  return lines;
}

}  // namespace millrace::show
