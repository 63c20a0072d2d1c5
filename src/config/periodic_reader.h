// A `periodic` reader of service::telemetry::metrics, in the form of OpenTelemetry's declarative
// configuration, made into the keys of an exporter.
#pragma once

#include "config/section.h"
#include "config/telemetry.h"

namespace millrace::config {

// `periodic` is the section itself; the caller finishes it. Appends to `into`, or notes an error.
void read_periodic(Section& periodic, std::vector<PeriodicReader>& into);

}  // namespace millrace::config
