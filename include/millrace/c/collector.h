// The collector: millrace/collector.h in C.
#pragma once

#include <stdint.h>

#include "millrace/c/config.h"
#include "millrace/c/log_record.h"
#include "millrace/c/log_record_builder.h"
#include "millrace/c/metric_point.h"
#include "millrace/c/metric_point_builder.h"
#include "millrace/c/result.h"
#include "millrace/c/span.h"
#include "millrace/c/span_builder.h"

MILLRACE_C_BEGIN

// A collector; see millrace::Collector.
typedef struct millrace_collector millrace_collector;

// Creates a collector. Does not contact or look up any endpoint. On an error *collector is null and
// millrace_config_message() has the reason. The configuration may be used again.
MILLRACE_API millrace_code millrace_create(millrace_config* config, millrace_collector** collector);

// Copies one item into the buffer. Never blocks. MILLRACE_OK: the item is in the buffer, or was
// dropped and counted as on_full says. Errors: as millrace::Collector::collect.
MILLRACE_API millrace_code millrace_collect_span(millrace_collector* collector,
                                                 const millrace_span* span);
MILLRACE_API millrace_code millrace_collect_log(millrace_collector* collector,
                                                const millrace_log_record* record);
MILLRACE_API millrace_code millrace_collect_metric(millrace_collector* collector,
                                                   const millrace_metric_point* point);

// Collects the item that a builder has written; the builder can be reset and used again. A span
// ends now unless its end was set.
MILLRACE_API millrace_code millrace_collect_builder(millrace_collector* collector,
                                                    millrace_span_builder* builder);
MILLRACE_API millrace_code millrace_collect_log_builder(millrace_collector* collector,
                                                        millrace_log_record_builder* builder);
MILLRACE_API millrace_code millrace_collect_metric_builder(millrace_collector* collector,
                                                           millrace_metric_point_builder* builder);

// Waits until every required destination has answered for everything collected before this call, or
// it is dropped and counted. MILLRACE_DEADLINE_EXCEEDED when that takes longer than `timeout_ms`.
MILLRACE_API millrace_code millrace_flush(millrace_collector* collector, uint64_t timeout_ms);
// Drains the collector: sends what is in the buffer, retries until the deadline, then drops and
// counts the rest. Returns by the deadline whatever the destinations do. Statistics are available
// until the collector is destroyed.
MILLRACE_API millrace_code millrace_shutdown(millrace_collector* collector, uint64_t timeout_ms);
// Without an earlier millrace_shutdown(): shuts down with a timeout of zero first. No other thread
// may be inside a function with this collector, or call one afterwards.
MILLRACE_API void millrace_destroy(millrace_collector* collector);

MILLRACE_C_END
