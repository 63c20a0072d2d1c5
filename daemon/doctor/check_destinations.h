// Each back end that the pipelines use is sent one request without items, for each of its signals,
// through the exporter of the configuration: its TLS, credentials, compression, encoding and paths.
#pragma once

#include "assembly/plan.h"
#include "base/time.h"
#include "daemon/doctor/report.h"

namespace millrace::doctor {

// All at the same time; what has not answered after `timeout` is a problem. Back ends count a
// request without items, and keep nothing of it.
void check_destinations(const assembly::Plan& plan, Duration timeout, Report& report);

}  // namespace millrace::doctor
