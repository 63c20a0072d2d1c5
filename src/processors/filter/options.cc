#include "processors/filter/options.h"

#include <string_view>

#include "rules/read.h"

namespace millrace::processors::filter {
namespace {

using config::Section;
using ottl::Context;

// The lists of one context each, as in `traces:`.
struct OldKey {
  std::string_view key;
  Context context;
};
struct SignalKeys {
  Signal signal;
  std::string_view new_key;
  std::string_view old_key;
  std::vector<OldKey> old_keys;
};

void read_signal(Section& section, const SignalKeys& keys, rules::ErrorMode mode,
                 SignalRules* signal) {
  const bool has_new =
      rules::read_condition_sets(section, keys.new_key, keys.signal, mode, &signal->sets);
  bool has_old = false;
  bool has_matches = false;
  std::vector<rules::ConditionList> set;
  section.section(keys.old_key, [&](Section& old) {
    for (const OldKey& each : keys.old_keys) {
      has_old |= rules::read_conditions(old, each.key, each.context, mode, &set);
    }
    if (keys.signal == Signal::kMetrics) {
      has_matches = read_metric_matches(old, &signal->include_exclude);
    } else if (keys.signal == Signal::kLogs) {
      has_matches = read_log_matches(old, &signal->include_exclude);
    }
  });
  if (keys.signal == Signal::kTraces) {
    section.section("spans", [&](Section& spans) {
      item_match::read_match_config(spans, &signal->include_exclude.items);
    });
    const item_match::MatchConfig& items = signal->include_exclude.items;
    has_matches = items.include || items.exclude;
  }
  if (has_old && has_matches) {
    section.error_at(keys.old_key,
                     "lists of conditions and include or exclude cannot be used at the same time");
  }
  // As in otelcol, the new conditions win over `spans`.
  if (has_new && (has_old || (has_matches && keys.signal != Signal::kTraces))) {
    section.error_at(keys.new_key, std::string(keys.new_key) + " and " + std::string(keys.old_key) +
                                       " cannot be used at the same time");
  }
  if (has_old) signal->sets.push_back(std::move(set));
  signal->texts = rules::number_rules(signal->sets);
}

}  // namespace

void read_options(Section& section, Options* options) {
  rules::ErrorMode mode = rules::ErrorMode::kIgnore;
  rules::read_error_mode(section, &mode);
  const std::vector<SignalKeys> kKeys = {
      {Signal::kTraces,
       "trace_conditions",
       "traces",
       {{"resource", Context::kResource},
        {"span", Context::kSpan},
        {"spanevent", Context::kSpanEvent}}},
      {Signal::kMetrics,
       "metric_conditions",
       "metrics",
       {{"resource", Context::kResource},
        {"metric", Context::kMetric},
        {"datapoint", Context::kDataPoint}}},
      {Signal::kLogs,
       "log_conditions",
       "logs",
       {{"resource", Context::kResource}, {"log_record", Context::kLog}}},
  };
  for (const SignalKeys& keys : kKeys) {
    read_signal(section, keys, mode, &options->signals[index_of(keys.signal)]);
  }
  section.unsupported("profiles", "profiles are passed through unchanged");
  section.unsupported("profile_conditions", "profiles are passed through unchanged");
  section.integer("condition_metrics", &options->condition_metrics, {.min = 0});
}

Status check_signal(const Options& options, Signal signal) {
  const SignalRules& rules = options.signals[index_of(signal)];
  if (signal != Signal::kTraces || !rules.sets.empty()) return {};
  return item_match::check_signal(rules.include_exclude.items, signal);
}

}  // namespace millrace::processors::filter
