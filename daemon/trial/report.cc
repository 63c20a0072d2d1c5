#include "daemon/trial/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/json_string.h"
#include "base/printable_text.h"
#include "daemon/trial/json_lines.h"

namespace millrace::trial {
namespace {

using Kind = DiffLine::Kind;

constexpr size_t kLinesAround = 3;
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kEnd = "\x1b[0m";

std::string printable(std::string_view text) {
  std::string safe;
  append_printable(safe, text);
  return safe;
}

std::vector<std::string> lines_of(const std::vector<std::string>& requests) {
  std::vector<std::string> lines;
  for (const std::string& request : requests) {
    auto of_request = json_lines(request);
    if (!of_request) of_request = std::vector<std::string>{request};
    std::ranges::move(*of_request, std::back_inserter(lines));
  }
  return lines;
}

// Which lines are shown: changes, and kLinesAround lines before and behind each.
std::vector<bool> shown_lines(const std::vector<DiffLine>& diff) {
  std::vector<bool> shown(diff.size(), false);
  for (size_t i = 0; i < diff.size(); ++i) {
    if (diff[i].kind == Kind::kSame) continue;
    const size_t begin = i - std::min(i, kLinesAround);
    const size_t end = std::min(diff.size(), i + kLinesAround + 1);
    std::fill(shown.begin() + static_cast<ptrdiff_t>(begin),
              shown.begin() + static_cast<ptrdiff_t>(end), true);
  }
  return shown;
}

void add_line(std::string& text, const DiffLine& line, Looks looks) {
  const char mark = line.kind == Kind::kSame ? ' ' : line.kind == Kind::kRemoved ? '-' : '+';
  const bool is_coloured = looks.in_colour && line.kind != Kind::kSame;
  if (is_coloured) text += line.kind == Kind::kRemoved ? kRed : kGreen;
  text += fmt::format("    {} {}", mark, printable(line.text));
  if (is_coloured) text += kEnd;
  text += '\n';
}

std::string what_became_of(const Step& step, uint64_t items_before) {
  std::string text = fmt::format("{} items in, {} out", items_before, step.item_count);
  if (step.filtered_count > 0) text += fmt::format(", {} filtered", step.filtered_count);
  if (step.sampled_out_count > 0) text += fmt::format(", {} sampled out", step.sampled_out_count);
  return text;
}

void add_rules(std::string& text, const Step& step) {
  for (const RuleCounts& counts : step.rules) {
    text += fmt::format("  matched {}, changed {}{}  {}\n", counts.matches, counts.changes,
                        counts.errors == 0 ? "" : fmt::format(", failed {}", counts.errors),
                        printable(counts.rule));
  }
}

}  // namespace

std::string diff_text(const std::vector<std::string>& before, const std::vector<std::string>& after,
                      Looks looks) {
  const std::vector<DiffLine> diff = diff_lines(lines_of(before), lines_of(after));
  const std::vector<bool> shown = shown_lines(diff);
  std::string text;
  for (size_t i = 0; i < diff.size(); ++i) {
    if (shown[i]) {
      add_line(text, diff[i], looks);
    } else if (i > 0 && shown[i - 1]) {
      text += "    …\n";
    }
  }
  return text;
}

std::string to_text(const Trial& trial, Looks looks) {
  std::string text = fmt::format("pipeline {}: {} items in\n", trial.pipeline, trial.item_count);
  const std::vector<std::string>* before = &trial.requests;
  uint64_t items = trial.item_count;
  for (const Step& step : trial.steps) {
    text += fmt::format("{}{}{}", looks.in_colour ? kBold : "", step.processor,
                        looks.in_colour ? kEnd : "");
    if (step.acts_elsewhere) {
      text += ": changes no request\n";
    } else {
      text += fmt::format(": {}\n", what_became_of(step, items));
    }
    if (step.failure) text += fmt::format("  FAILED: {}\n", printable(step.failure->message));
    add_rules(text, step);
    text += diff_text(*before, step.requests, looks);
    before = &step.requests;
    items = step.item_count;
  }
  return text;
}

std::string to_json(const Trial& trial) {
  const auto list = [](const std::vector<std::string>& requests) {
    return fmt::format("[{}]", fmt::join(requests, ","));
  };
  std::string text = fmt::format(R"({{"pipeline":{},"items_in":{},"steps":[)",
                                 json_string(trial.pipeline), trial.item_count);
  for (const Step& step : trial.steps) {
    if (&step != &trial.steps.front()) text += ',';
    text += fmt::format(R"({{"processor":{},"items_out":{},"filtered":{},"sampled_out":{},)",
                        json_string(step.processor), step.item_count, step.filtered_count,
                        step.sampled_out_count);
    if (step.failure) text += fmt::format(R"("failure":{},)", json_string(step.failure->message));
    text += "\"rules\":[";
    for (const RuleCounts& counts : step.rules) {
      if (&counts != &step.rules.front()) text += ',';
      text += fmt::format(R"({{"rule":{},"matches":{},"changes":{},"errors":{}}})",
                          json_string(counts.rule), counts.matches, counts.changes, counts.errors);
    }
    text += fmt::format("],\"output\":{}}}", list(step.requests));
  }
  return text + fmt::format("],\"output\":{}}}\n", list(trial.output()));
}

}  // namespace millrace::trial
