// Says in the log when changed certificates and credentials are in use, or cannot be used.
#pragma once

#include "assembly/plan.h"
#include "base/log.h"

namespace millrace::assembly {

// The log outlives the plan's listeners and authenticators. Before the loops run.
void report_reloads(const Plan& plan, Logger* log);

}  // namespace millrace::assembly
