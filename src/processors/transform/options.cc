#include "processors/transform/options.h"

#include <string_view>
#include <utility>

#include "rules/read.h"

namespace millrace::processors::transform {

void read_options(config::Section& section, Options* options) {
  rules::ErrorMode mode = rules::ErrorMode::kIgnore;
  rules::read_error_mode(section, &mode);
  static constexpr std::pair<std::string_view, Signal> kKeys[] = {
      {"trace_statements", Signal::kTraces},
      {"metric_statements", Signal::kMetrics},
      {"log_statements", Signal::kLogs},
  };
  for (const auto& [key, signal] : kKeys) {
    auto& groups = options->groups[index_of(signal)];
    rules::read_statement_groups(section, key, signal, mode, &groups);
    options->texts[index_of(signal)] = rules::number_rules(groups);
  }
  section.unsupported("profile_statements", "profiles are passed through unchanged");
  bool flattens = false;
  if (section.boolean("flatten_data", &flattens) && flattens) {
    section.error_at(
        "flatten_data",
        "needs otelcol's feature gate transform.flatten.logs, which is off: statements "
        "on logs that write a resource see and change it for all of its records");
  }
  section.integer("statement_metrics", &options->statement_metrics, {.min = 0});
}

}  // namespace millrace::processors::transform
