// What rules did: how often each was evaluated, matched, changed something and failed. Shown as
// metrics for the first rules; a rule that matched nothing in kUnmatchedItems items is named once
// in the log.
//
// One tally serves the same processor and signal on all workers. Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/signal.h"
#include "metrics/registry.h"

namespace millrace::rules {

inline constexpr uint64_t kUnmatchedItems = 1'000'000;
inline constexpr int64_t kShownRulesDefault = 100;
inline constexpr int64_t kNoRuleShown = 0;

// Of one rule in one request.
struct RuleCount {
  uint64_t evaluated = 0;
  uint64_t matched = 0;
  uint64_t changed = 0;
  uint64_t failed = 0;
};

struct TallyOptions {
  std::string processor;  // "transform/a"
  Signal signal = Signal::kTraces;
  std::vector<std::string> rules;  // their texts, by number
  int64_t shown_max = kShownRulesDefault;
};

class Tally {
 public:
  // The registry and the log must outlive it.
  Tally(TallyOptions options, metrics::Registry& registry, Logger& log);

  size_t rule_count() const { return rules_.size(); }
  // Adds the counts of a request and sets them to zero.
  void add(std::span<RuleCount> counts);
  // For error_mode `ignore`.
  void log_failure(std::string_view text, std::string_view error);

 private:
  struct Rule {
    metrics::Counter* matches = nullptr;  // null: not shown
    metrics::Counter* changes = nullptr;
    metrics::Counter* errors = nullptr;
    // Sums over the workers; relaxed, because they order nothing else.
    std::atomic<uint64_t> evaluated{0};
    std::atomic<bool> has_matched{false};
    std::atomic<bool> is_named{false};
  };
  void note_unmatched(size_t number, Rule& rule, const RuleCount& count);

  const TallyOptions options_;
  Logger& log_;
  std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace millrace::rules
