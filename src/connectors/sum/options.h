// The options of the sum connector, with otelcol's keys and rules. Reading is for start-up, one
// thread.
#pragma once

#include "config/section.h"
#include "item_totals/options.h"

namespace millrace::connectors::sum {

using Options = item_totals::Options;

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::sum
