// The keys for names and labels that both of otelcol's Prometheus exporters have. Start-up only.
#pragma once

#include "config/section.h"
#include "prometheus/names.h"
#include "prometheus_series/series_labels.h"

namespace millrace::exporters {

// translation_strategy, or add_metric_suffixes where that is not there.
void read_strategy(config::Section& section, prometheus::Strategy* into);
// resource_to_telemetry_conversion, or resource_constant_labels, which goes before it.
void read_resource_labels(config::Section& section, LabelOptions& into);

}  // namespace millrace::exporters
