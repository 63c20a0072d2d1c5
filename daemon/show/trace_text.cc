#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/time.h"
#include "daemon/otlp_client/option_values.h"
#include "daemon/show/show_text.h"
#include "daemon/terminal_text/units.h"

namespace millrace::show {
namespace {

using terminal_text::Cell;
using terminal_text::clock_text;
using terminal_text::Column;
using terminal_text::count_text;
using terminal_text::line_of;
using terminal_text::Style;
using terminal_text::Table;
using Align = Column::Align;

constexpr int64_t kIndentMax = 30;
constexpr size_t kBarColumns = 24;

std::string duration_of(const JsonAnswer& item, std::string_view path) {
  const auto nanoseconds = item.number(path);
  if (!nanoseconds) return "";
  const std::string text = load::duration_text(
      Duration(std::min<uint64_t>(terminal_text::magnitude(*nanoseconds), INT64_MAX)));
  return *nanoseconds < 0 ? "-" + text : text;
}

std::string clock_of(const JsonAnswer& item, std::string_view path) {
  const auto at = item.number(path);
  return at && *at > 0 ? clock_text(static_cast<uint64_t>(*at)) : "";
}

std::string count_of(const JsonAnswer& item, std::string_view path) {
  return count_text(static_cast<uint64_t>(std::max<int64_t>(0, item.number(path).value_or(0))));
}

Cell errors_cell(const JsonAnswer& item) {
  const std::string count = count_of(item, "error_count");
  return {count == "0" ? "" : count, Style::kBad};
}

// Where a span lies within its trace.
std::string bar_of(double offset, double duration, double whole) {
  if (!(whole > 0)) return "";
  const auto column = [&](double at) {
    const double part = std::clamp(at / whole, 0.0, 1.0);
    return static_cast<size_t>(part * static_cast<double>(kBarColumns));
  };
  const size_t from = std::min(column(offset), kBarColumns - 1);
  const size_t to = std::max(from + 1, column(offset + std::max(duration, 0.0)));
  std::string bar(from, ' ');
  for (size_t i = from; i < to; ++i) bar += "█";
  return bar;
}

}  // namespace

Lines trace_list_lines(const JsonAnswer& list, const Layout& layout) {
  Table table({{.title = "TIME"},
               {.title = "DURATION", .align = Align::kRight},
               {.title = "SPANS", .align = Align::kRight},
               {.title = "ERRORS", .align = Align::kRight},
               {.title = "SERVICE", .may_shrink = true},
               {.title = "OPERATION", .may_shrink = true},
               {.title = "TRACE ID"}});
  size_t count = 0;
  list.each("traces", [&](const JsonAnswer& trace) {
    ++count;
    const bool has_failed = trace.number("error_count").value_or(0) > 0;
    table.add({{clock_of(trace, "start_unix_nano"), Style::kDim},
               {duration_of(trace, "duration_ns")},
               {count_of(trace, "span_count")},
               errors_cell(trace),
               {trace.text("root_service")},
               {trace.text("root_operation"), has_failed ? Style::kBad : Style::kPlain},
               {trace.text("trace_id")}});
  });
  if (count == 0)
    return {line_of("no trace matches; held now: " + count_of(list, "trace_count"), Style::kPlain,
                    layout)};
  Lines lines = table.lines(layout);
  std::string last = fmt::format("{} of {} traces that are held", count_text(count),
                                 count_of(list, "trace_count"));
  if (const std::string cursor = list.text("next_cursor"); !cursor.empty()) {
    last += "; more: --cursor " + cursor;
  }
  lines.push_back(line_of(last, Style::kDim, layout));
  return lines;
}

Lines trace_lines(const JsonAnswer& trace, const Layout& layout) {
  Lines lines = {
      line_of("trace " + trace.text("trace_id") + "  " + clock_of(trace, "start_unix_nano") + "  " +
                  duration_of(trace, "duration_ns") + "  " + count_of(trace, "span_count") +
                  " spans, " + count_of(trace, "error_count") + " failed",
              Style::kBold, layout)};
  std::vector<std::string> services;
  trace.each("resources",
             [&](const JsonAnswer& each) { services.push_back(each.text("service")); });
  const double whole = trace.real("duration_ns").value_or(0);
  Table table({{.title = "OFFSET", .align = Align::kRight},
               {.title = "DURATION", .align = Align::kRight},
               {.title = "SPAN", .may_shrink = true},
               {.title = "SERVICE", .may_shrink = true},
               {.title = "WHEN"}});
  trace.each("spans", [&](const JsonAnswer& span) {
    const int64_t depth = std::clamp<int64_t>(span.number("depth").value_or(0), 0, kIndentMax);
    const int64_t resource = span.number("resource").value_or(-1);
    const bool is_known = resource >= 0 && static_cast<size_t>(resource) < services.size();
    const bool has_failed = span.text("status") == "error";
    std::string name = std::string(static_cast<size_t>(depth) * 2, ' ') + span.text("name");
    if (const std::string why = span.text("status_message"); !why.empty()) name += ": " + why;
    if (span.flag("is_orphan")) name += " (orphan)";
    table.add(
        {{duration_of(span, "offset_ns"), Style::kDim},
         {duration_of(span, "duration_ns")},
         {name, has_failed ? Style::kBad : Style::kPlain},
         {is_known ? services[static_cast<size_t>(resource)] : ""},
         {bar_of(span.real("offset_ns").value_or(0), span.real("duration_ns").value_or(0), whole),
          has_failed ? Style::kBad : Style::kGood}});
  });
  for (std::string& line : table.lines(layout)) lines.push_back(std::move(line));
  if (const auto next = trace.number("next_offset")) {
    lines.push_back(line_of(fmt::format("more: --offset {}", *next), Style::kDim, layout));
  }
  const Lines logs = log_lines(trace, layout, LogOrder::kByTime, Titles::kShown);
  if (logs.size() > 1) {
    lines.emplace_back();
    lines.insert(lines.end(), logs.begin(), logs.end());
  }
  return lines;
}

}  // namespace millrace::show
