#include "processors/metricstarttime/options.h"

#include <fmt/format.h>

#include <string>

namespace millrace::processors::metricstarttime {

void read_options(config::Section& section, Options& into) {
  std::string strategy = "true_reset_point";
  section.text("strategy", &strategy);
  if (strategy == "true_reset_point") {
    into.strategy = Strategy::kTrueResetPoint;
  } else if (strategy == "subtract_initial_point") {
    into.strategy = Strategy::kSubtractInitialPoint;
  } else if (strategy == "start_time_metric") {
    into.strategy = Strategy::kStartTimeMetric;
  } else {
    section.error_at("strategy", fmt::format("expected true_reset_point, subtract_initial_point or "
                                             "start_time_metric, found \"{}\"",
                                             strategy));
  }
  section.duration("gc_interval", &into.gc_interval);
  if (into.gc_interval <= Duration{0}) {
    section.error_at("gc_interval", "gc_interval must be positive");
  }
  std::string pattern;
  section.text("start_time_metric_regex", &pattern);
  if (pattern.empty()) return;
  into.start_metric = item_match::read_pattern(section, "start_time_metric_regex", pattern);
  if (into.strategy != Strategy::kStartTimeMetric) {
    section.error_at("start_time_metric_regex", "it is for the strategy start_time_metric only");
  }
}

}  // namespace millrace::processors::metricstarttime
