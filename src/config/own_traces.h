// service::telemetry::traces: the collector's own spans, in the form of OpenTelemetry's declarative
// configuration (a TracerProvider) with otelcol's `level` and `propagators`. Plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "config/otlp_push.h"
#include "config/section.h"

namespace millrace::config {

struct OwnTracesConfig {
  // Empty: no spans are recorded.
  std::vector<OtlpPush> exporters;
  Duration schedule_delay = 5s;    // a span waits so long at most
  int64_t export_batch_max = 512;  // spans in a request
  bool reads_trace_context = false;
  bool reads_b3 = false;
  // Shares of the traces, 0 to 1, by the sender's decision (own_spans/sampler.h).
  double root_share = 1;
  double parent_sampled_share = 1;
  double parent_not_sampled_share = 0;
};

// `traces` is the section itself; the caller finishes it.
void read_own_traces(Section& traces, OwnTracesConfig& into);

}  // namespace millrace::config
