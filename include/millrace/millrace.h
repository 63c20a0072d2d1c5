// The collector for C, and for everything that can call C: hand over spans, log records and metric
// points from any thread; they are batched, sent, retried and counted in the background.
//
//   millrace_config *config = millrace_config_new();
//   millrace_config_set_service_name(config, "shop");
//   millrace_collector *collector = NULL;
//   if (millrace_create(config, &collector) != MILLRACE_OK)
//     fprintf(stderr, "%s\n", millrace_config_message(config));
//   millrace_config_free(config);
//   millrace_span span;
//   millrace_span_init(&span, "checkout");
//   millrace_collect_span(collector, &span);
//   millrace_shutdown(collector, 2000);
//   millrace_destroy(collector);
//
// What is said about threads, fork(), deadlines and counting in millrace/collector.h holds here.
//
// Rules for all of it, which the headers in millrace/c/ do not repeat:
// - Handles are opaque. A null handle is MILLRACE_INVALID_ARGUMENT, or does nothing where nothing
//   is returned. Configurations, builders and statistics belong to one thread at a time; a
//   collector and a processor may be used by any number of threads until they are destroyed.
// - What a …_new() function returns is null when there is no memory; …_free() ends it.
// - A structure that begins with struct_size is set by its …_init() function, or by zeroes and
//   struct_size = sizeof of itself. Where OTLP has a field of the same name, that says what it
//   means. A `reserved` field is 0.
// - Texts are UTF-8. What is not is repaired (U+FFFD) and counted. The library copies what it is
//   given before it returns; texts it returns live as long as the handle they came from, until the
//   next call that changes it. A null text is an empty one, unless it says otherwise.
// - Functions never let a C++ exception out, and never print.
// - The binary interface grows without breaking: enumerations and functions are only added, never
//   renumbered; structures that begin with struct_size grow at the end, and the library reads and
//   writes at most struct_size bytes of them; all other structures never change.
#pragma once

#include "millrace/c/api.h"
#include "millrace/c/batch.h"
#include "millrace/c/collector.h"
#include "millrace/c/config.h"
#include "millrace/c/exporter.h"
#include "millrace/c/log_record.h"
#include "millrace/c/log_record_builder.h"
#include "millrace/c/metric_point.h"
#include "millrace/c/metric_point_builder.h"
#include "millrace/c/processor.h"
#include "millrace/c/result.h"
#include "millrace/c/span.h"
#include "millrace/c/span_builder.h"
#include "millrace/c/statistics.h"
#include "millrace/c/value.h"
#include "millrace/version.h"
