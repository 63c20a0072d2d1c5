// The options of the metric_start_time processor, with otelcol's keys and defaults.
#pragma once

#include "base/time.h"
#include "config/section.h"
#include "item_match/pattern.h"
#include "processors/metricstarttime/start_times.h"

namespace millrace::processors::metricstarttime {

struct Options {
  Strategy strategy = Strategy::kTrueResetPoint;
  Duration gc_interval = 10min;      // > 0; a stream that was not seen for so long is forgotten
  item_match::Pattern start_metric;  // null: "process_start_time_seconds"
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::metricstarttime
