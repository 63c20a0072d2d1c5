#include "daemon/trial/rule_counts.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace millrace::trial {
namespace {

const std::string* find_label(const metrics::Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(
      labels, name, [](const auto& label) { return std::string_view(label.first); });
  return found == labels.end() ? nullptr : &found->second;
}

uint64_t* field_of(RuleCounts& counts, std::string_view name) {
  if (name == "millrace_ottl_matches") return &counts.matches;
  if (name == "millrace_ottl_changes") return &counts.changes;
  if (name == "millrace_ottl_errors") return &counts.errors;
  return nullptr;
}

}  // namespace

std::vector<RuleCounts> rule_counts(const std::vector<metrics::MetricValue>& metrics) {
  std::map<uint64_t, RuleCounts> by_number;
  for (const metrics::MetricValue& metric : metrics) {
    for (const metrics::SeriesValue& series : metric.series) {
      const std::string* rule = find_label(series.labels, "statement");
      if (rule == nullptr) continue;
      uint64_t number = 0;
      if (const std::string* digits = find_label(series.labels, "number")) {
        std::from_chars(digits->data(), digits->data() + digits->size(), number);
      }
      RuleCounts& counts = by_number[number];
      counts.rule = *rule;
      if (uint64_t* field = field_of(counts, metric.name)) {
        *field += static_cast<uint64_t>(series.value);
      }
    }
  }
  std::vector<RuleCounts> all;
  for (auto& [number, counts] : by_number) all.push_back(std::move(counts));
  return all;
}

}  // namespace millrace::trial
