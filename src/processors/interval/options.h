// The options of the interval processor, with otelcol's keys and defaults.
#pragma once

#include "base/time.h"
#include "config/section.h"

namespace millrace::processors::interval {

struct Options {
  Duration interval = 60s;  // > 0
  bool pass_gauges = false;
  bool pass_summaries = false;
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::interval
