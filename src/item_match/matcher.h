// Is an item selected by `include` and `exclude`? Items are read as they were received. Cost grows
// with the lists that are not empty; what is the same for all items of a resource, a scope or a
// metric is found out once.
//
// One for each piece of work, because the walk may be suspended in between; the configuration
// outlives it. Errors of the functions that return a Result: a value that is no text had to be made
// text, and the budget refused it (no_memory()).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "item_match/properties.h"
#include "memory/work.h"
#include "otlp/edit.h"

namespace millrace::item_match {

// Does every matcher find its attribute in field `field_number` of `message`?
Result<bool> match_attributes(const std::vector<AttributeMatcher>& matchers,
                              otlp::MessageBytes message, uint32_t field_number, Work& work);

class Matcher {
 public:
  Matcher(const MatchProperties& properties, Work& work) : properties_(properties), work_(work) {}

  // Of spans and log records, and of metrics, whose data points have the same answer. As in otelcol
  // a metric is matched by its name alone, and without metric_names nothing is matched: call it
  // only if has_effect().
  Result<bool> matches(const otlp::EditContext& context);

  // False where otelcol leaves the properties out: those of a metric without metric_names.
  static bool has_effect(const MatchProperties& properties, Signal signal) {
    return signal != Signal::kMetrics || !properties.metric_names.empty();
  }

 private:
  // The answer for the resource, scope or metric of that number; 0: of none yet.
  struct Remembered {
    uint64_t number = 0;
    bool matches = false;
  };
  Result<bool> matches_surroundings(const otlp::EditContext& context);

  const MatchProperties& properties_;
  Work& work_;
  Remembered resource_;
  Remembered scope_;
};

// Both of them: `include`, if there is one, must match, and `exclude` must not.
class Selector {
 public:
  Selector(const MatchConfig& config, Signal signal, Work& work);

  Result<bool> selects(const otlp::EditContext& context);

 private:
  Result<bool> select(const otlp::EditContext& context);

  std::optional<Matcher> include_;
  std::optional<Matcher> exclude_;
  uint64_t metric_number_ = 0;  // of the metric that metric_is_selected_ is about
  bool metric_is_selected_ = false;
};

}  // namespace millrace::item_match
