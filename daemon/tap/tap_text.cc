#include "daemon/tap/tap_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/terminal_text/units.h"

namespace millrace::tap {
namespace {

using terminal_text::line_of;
using terminal_text::Style;
using terminal_text::Table;

Style style_of(std::string_view change) {
  if (change == "added") return Style::kGood;
  if (change == "removed") return Style::kBad;
  return change == "changed" ? Style::kWarning : Style::kPlain;
}

char mark_of(std::string_view change) {
  if (change == "added") return '+';
  if (change == "removed") return '-';
  return change == "changed" ? '~' : ' ';
}

std::string rule_of(const JsonAnswer& field) {
  const auto rule = field.number("rule");
  return rule ? fmt::format("   (rule {})", *rule) : "";
}

std::string field_text(const JsonAnswer& field) {
  const std::string change = field.text("change");
  const std::string head = fmt::format("  {} {}: ", mark_of(change), field.text("path"));
  if (change == "removed") return head + field.text("before") + rule_of(field);
  if (change != "changed") return head + field.text("after") + rule_of(field);
  return head + field.text("before") + " -> " + field.text("after") + rule_of(field);
}

std::string item_text(const JsonAnswer& item) {
  std::string text = fmt::format("{} {}", mark_of(item.text("change")), item.text("name"));
  if (const std::string service = item.text("service"); !service.empty()) text += "  " + service;
  if (const std::string id = item.text("trace_id"); !id.empty()) text += "  trace " + id;
  return text;
}

std::string head_text(const JsonAnswer& sample) {
  const auto at = std::clamp<int64_t>(sample.number("at_ms").value_or(0), 0, 9'000'000'000'000);
  std::string text = terminal_text::clock_text(static_cast<uint64_t>(at) * 1'000'000);
  const auto before = sample.number("items_before");
  const int64_t after = sample.number("items_after").value_or(0);
  text += before && *before != after ? fmt::format("  {} -> {} items", *before, after)
                                     : fmt::format("  {} items", after);
  for (const char* change : {"changed", "added", "removed"}) {
    const int64_t count = sample.number(std::string("counts.") + change).value_or(0);
    if (count != 0) text += fmt::format(", {} {}", count, change);
  }
  return text;
}

}  // namespace

Lines edge_list_lines(const JsonAnswer& edges, const Layout& layout) {
  Table table({{.title = "EDGE", .may_shrink = true},
               {.title = "SIGNAL"},
               {.title = "BEHIND", .may_shrink = true},
               {.title = "CLOSED", .may_shrink = true}});
  edges.each("edges", [&](const JsonAnswer& edge) {
    const std::string processor = edge.text("processor");
    table.add({{edge.text("edge"), Style::kBold},
               {edge.text("signal")},
               {processor.empty() ? "the receivers" : processor},
               {edge.text("closed"), Style::kDim}});
  });
  return table.lines(layout);
}

Lines edge_lines(const JsonAnswer& edge, const Layout& layout) {
  const std::string processor = edge.text("processor");
  Lines lines = {line_of(edge.text("edge") + ", " + edge.text("signal") +
                             (processor.empty() ? "" : ", behind " + processor),
                         Style::kBold, layout)};
  size_t number = 0;
  for (const std::string& rule : edge.texts("rules")) {
    lines.push_back(line_of(fmt::format("rule {}: {}", ++number, rule), Style::kDim, layout));
  }
  return lines;
}

Lines sample_lines(const JsonAnswer& sample, ShownFields fields, const Layout& layout) {
  Lines lines = {line_of(head_text(sample), Style::kBold, layout)};
  if (const std::string refusal = sample.text("refusal"); !refusal.empty()) {
    lines.push_back(line_of("refused: " + refusal, Style::kBad, layout));
  }
  sample.each("items", [&](const JsonAnswer& item) {
    lines.push_back(line_of(item_text(item), style_of(item.text("change")), layout));
    item.each("fields", [&](const JsonAnswer& field) {
      if (fields == ShownFields::kChanged && field.text("change") == "same") return;
      lines.push_back(line_of(field_text(field), style_of(field.text("change")), layout));
    });
    if (item.flag("is_cut")) lines.push_back(line_of("  ...", Style::kDim, layout));
  });
  if (const int64_t more = sample.number("more_items").value_or(0); more > 0) {
    lines.push_back(line_of(fmt::format("{} more items", more), Style::kDim, layout));
  }
  return lines;
}

}  // namespace millrace::tap
