// The `limits` section of a receiver's protocol. It is Millrace's own; otelcol has none.
#pragma once

#include "access/client_limits.h"
#include "config/section.h"

namespace millrace::access {

// Reads the section `limits`. The caller finishes it; Section::section does that for children.
void read_limits(config::Section& limits, LimitOptions& into);

}  // namespace millrace::access
