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

// See millrace::Collector.
typedef struct millrace_collector millrace_collector;

// No endpoint is contacted or looked up here. On an error *collector is null, and
// millrace_config_message() says why. The configuration may be used again.
MILLRACE_API millrace_code millrace_create(millrace_config* config, millrace_collector** collector);

// One item; it is copied. Never blocks. MILLRACE_OK: it is in the buffer, or was dropped and
// counted as configured.
MILLRACE_API millrace_code millrace_collect_span(millrace_collector* collector,
                                                 const millrace_span* span);
MILLRACE_API millrace_code millrace_collect_log(millrace_collector* collector,
                                                const millrace_log_record* record);
MILLRACE_API millrace_code millrace_collect_metric(millrace_collector* collector,
                                                   const millrace_metric_point* point);

// The same for what a builder has written, which can be reset and used again. A span ends now
// unless its end was set.
MILLRACE_API millrace_code millrace_collect_builder(millrace_collector* collector,
                                                    millrace_span_builder* builder);
MILLRACE_API millrace_code millrace_collect_log_builder(millrace_collector* collector,
                                                        millrace_log_record_builder* builder);
MILLRACE_API millrace_code millrace_collect_metric_builder(millrace_collector* collector,
                                                           millrace_metric_point_builder* builder);

// Waits until everything collected before is answered for or counted as dropped, at most
// `timeout_ms`.
MILLRACE_API millrace_code millrace_flush(millrace_collector* collector, uint64_t timeout_ms);
// The end: what is there is sent, retried until the deadline, then dropped and counted. Returns in
// time whatever the destinations do. Statistics may be asked for until the collector is destroyed.
MILLRACE_API millrace_code millrace_shutdown(millrace_collector* collector, uint64_t timeout_ms);
// Without millrace_shutdown() before: like one with a deadline of nothing. No other thread may be
// inside a function with this collector, or call one afterwards.
MILLRACE_API void millrace_destroy(millrace_collector* collector);

MILLRACE_C_END
