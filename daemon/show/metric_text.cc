#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "daemon/show/show_text.h"
#include "daemon/terminal_text/units.h"

namespace millrace::show {
namespace {

using terminal_text::Column;
using terminal_text::count_text;
using terminal_text::line_of;
using terminal_text::Style;
using terminal_text::Table;
using Align = Column::Align;

constexpr size_t kTrendColumns = 16;

std::string number_text(double value) { return fmt::format("{:.6g}", value); }

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

std::string kind_of(const JsonAnswer& metric) {
  std::string kind = metric.text("type");
  if (const std::string temporality = metric.text("temporality");
      temporality == "delta" || temporality == "cumulative") {
    kind += ", " + temporality;
  }
  return kind;
}

std::vector<double> reals(const JsonAnswer& item, std::string_view path) {
  std::vector<double> values;
  item.each_real(path, [&](double value) { values.push_back(value); });
  return values;
}

// The last point of a series.
struct Last {
  int64_t at = 0;
  std::string value;
};

Last last_of(const JsonAnswer& series) {
  Last last;
  series.each("points", [&](const JsonAnswer& point) {
    last.at = point.number("time_unix_nano").value_or(0);
    if (const auto value = point.real("value")) {
      last.value = number_text(*value);
      return;
    }
    last.value = "count " + number_text(point.real("count").value_or(0));
    if (const auto sum = point.real("sum")) last.value += ", sum " + number_text(*sum);
    point.each("quantiles", [&](const JsonAnswer& each) {
      const auto value = each.real("value");
      if (!value) return;
      last.value +=
          fmt::format(", p{:g} {}", each.real("quantile").value_or(0) * 100, number_text(*value));
    });
  });
  return last;
}

}  // namespace

std::string sparkline(const std::vector<double>& values, size_t width) {
  constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t from = values.size() - std::min(values.size(), width);
  if (from == values.size()) return "";
  const auto [least, most] =
      std::minmax_element(values.begin() + static_cast<ptrdiff_t>(from), values.end());
  std::string line;
  for (size_t i = from; i < values.size(); ++i) {
    const double range = *most - *least;
    const double part = range > 0 ? (values[i] - *least) / range : 0;
    line += kBars[std::min<size_t>(7, static_cast<size_t>(part * 8))];
  }
  return line;
}

Lines metric_list_lines(const JsonAnswer& list, const Layout& layout) {
  Table table({{.title = "NAME", .may_shrink = true},
               {.title = "TYPE", .may_shrink = true},
               {.title = "UNIT", .may_shrink = true},
               {.title = "SERIES", .align = Align::kRight},
               {.title = "LAST", .align = Align::kRight},
               {.title = "TREND"},
               {.title = "SERVICES", .may_shrink = true}});
  list.each("metrics", [&](const JsonAnswer& metric) {
    const std::vector<double> values = reals(metric, "sparkline");
    const auto count = std::max<int64_t>(0, metric.number("series_count").value_or(0));
    table.add({{metric.text("name")},
               {kind_of(metric), Style::kDim},
               {metric.text("unit"), Style::kDim},
               {count_text(static_cast<uint64_t>(count)) + (metric.flag("is_cut") ? "+" : "")},
               {values.empty() ? "" : number_text(values.back())},
               {sparkline(values, kTrendColumns), Style::kGood},
               {joined(metric.texts("services"))}});
  });
  if (table.empty()) return {line_of("no metric matches", Style::kPlain, layout)};
  return table.lines(layout);
}

Lines metric_lines(const JsonAnswer& metric, const Layout& layout) {
  Lines lines;
  std::string head = metric.text("name") + "  " + kind_of(metric);
  if (const std::string unit = metric.text("unit"); !unit.empty()) head += ", " + unit;
  if (const std::string words = metric.text("description"); !words.empty()) head += ": " + words;
  lines.push_back(line_of(head, Style::kBold, layout));
  Table table({{.title = "TIME"},
               {.title = "LAST", .may_shrink = true},
               {.title = "TREND"},
               {.title = "SERVICE", .may_shrink = true},
               {.title = "ATTRIBUTES", .may_shrink = true}});
  metric.each("series", [&](const JsonAnswer& series) {
    const Last last = last_of(series);
    std::vector<double> values;
    series.each("points", [&](const JsonAnswer& point) {
      const auto value = point.real("value");
      values.push_back(value ? *value : point.real("count").value_or(0));
    });
    table.add({{terminal_text::clock_text(static_cast<uint64_t>(std::max<int64_t>(0, last.at))),
                Style::kDim},
               {last.value},
               {sparkline(values, kTrendColumns), Style::kGood},
               {series.text("service")},
               {attributes_text(series, "attributes")}});
  });
  for (std::string& line : table.lines(layout)) lines.push_back(std::move(line));
  return lines;
}

}  // namespace millrace::show
