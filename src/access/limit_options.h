// The `limits` section of a receiver's protocol; Millrace's own, otelcol has none.
#pragma once

#include "access/client_limits.h"
#include "config/section.h"

namespace millrace::access {

// `limits` is the section itself; the caller finishes it (Section::section does).
void read_limits(config::Section& limits, LimitOptions& into);

}  // namespace millrace::access
