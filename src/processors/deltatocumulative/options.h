// The options of the delta_to_cumulative processor, with otelcol's keys and defaults.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "config/section.h"

namespace millrace::processors::deltatocumulative {

struct Options {
  Duration max_stale = 5min;  // > 0
  size_t max_streams = SIZE_MAX;
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::processors::deltatocumulative
