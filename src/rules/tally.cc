#include "rules/tally.h"

#include <utility>

namespace millrace::rules {
namespace {

// The most of a statement in a label.
constexpr size_t kLabelBytesMax = 200;

std::string label_of(const std::string& text) {
  if (text.size() <= kLabelBytesMax) return text;
  size_t size = kLabelBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) size--;
  return text.substr(0, size) + "…";
}

}  // namespace

Tally::Tally(TallyOptions options, metrics::Registry& registry, Logger& log)
    : options_(std::move(options)), log_(log) {
  for (size_t i = 0; i < options_.rules.size(); i++) {
    auto rule = std::make_unique<Rule>();
    if (static_cast<int64_t>(i) < options_.shown_max) {
      const metrics::Labels labels = {{"processor", options_.processor},
                                      {"signal", std::string(signal_name(options_.signal))},
                                      {"number", std::to_string(i + 1)},
                                      {"statement", label_of(options_.rules[i])}};
      rule->matches = &registry.counter(
          "millrace_ottl_matches",
          "Items for which the condition of an OTTL statement or condition held.", labels);
      rule->changes = &registry.counter("millrace_ottl_changes",
                                        "Items that an OTTL statement changed.", labels);
      rule->errors = &registry.counter(
          "millrace_ottl_errors", "Items on which an OTTL statement or condition failed.", labels);
    }
    rules_.push_back(std::move(rule));
  }
}

void Tally::add(std::span<RuleCount> counts) {
  for (size_t i = 0; i < counts.size(); i++) {
    RuleCount& count = counts[i];
    if (count.evaluated == 0) continue;
    Rule& rule = *rules_[i];
    if (rule.matches != nullptr) {
      if (count.matched != 0) rule.matches->add(count.matched);
      if (count.changed != 0) rule.changes->add(count.changed);
      if (count.failed != 0) rule.errors->add(count.failed);
    }
    if (!rule.has_matched.load(std::memory_order_relaxed)) note_unmatched(i, rule, count);
    count = {};
  }
}

void Tally::note_unmatched(size_t number, Rule& rule, const RuleCount& count) {
  if (count.matched != 0) {
    rule.has_matched.store(true, std::memory_order_relaxed);
    return;
  }
  const uint64_t evaluated =
      rule.evaluated.fetch_add(count.evaluated, std::memory_order_relaxed) + count.evaluated;
  if (evaluated < kUnmatchedItems || rule.is_named.exchange(true, std::memory_order_relaxed)) {
    return;
  }
  log_.warn("An OTTL statement has matched nothing so far",
            {{"processor", options_.processor},
             {"signal", signal_name(options_.signal)},
             {"statement", options_.rules[number]},
             {"items", evaluated}});
}

void Tally::log_failure(std::string_view text, std::string_view error) {
  log_.warn("An OTTL statement failed", {{"processor", options_.processor},
                                         {"signal", signal_name(options_.signal)},
                                         {"statement", text},
                                         {"error", error}});
}

}  // namespace millrace::rules
