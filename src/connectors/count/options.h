// The options of the count connector, with otelcol's keys, names, defaults and rules. Reading is
// for start-up, one thread.
#pragma once

#include "config/section.h"
#include "item_totals/options.h"

namespace millrace::connectors::count {

using Options = item_totals::Options;

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::count
