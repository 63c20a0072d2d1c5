// service::telemetry as parts of the plan: the log, the page of metrics, the pipelines that push
// the collector's own metrics, and the resource.
#pragma once

#include "assembly/plan.h"
#include "config/document.h"
#include "config/section.h"

namespace millrace::assembly {

// `plan` has its receivers, exporters, pipelines and health checks already.
void plan_telemetry(const config::Document& document, Plan& plan, config::Diagnostics& diagnostics);

}  // namespace millrace::assembly
