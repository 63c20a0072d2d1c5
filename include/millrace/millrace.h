// The collector for C and for languages that call C. Any thread collects spans, log records and
// metric points; the collector batches, sends, retries and counts them in the background.
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
// Threads, fork(), deadlines and counts are as millrace/collector.h describes.
//
// Rules for all functions, which the headers in millrace/c/ do not repeat:
// - Handles are opaque. A function with a null handle returns MILLRACE_INVALID_ARGUMENT, or does
//   nothing if it returns nothing. A configuration, builder or statistics handle belongs to one
//   thread at a time; any number of threads may use a collector or processor until it is destroyed.
// - A …_new() function returns null when there is no memory; the …_free() function frees the
// handle.
// - A structure that begins with struct_size is set by its …_init() function, or by zeros and
//   struct_size = sizeof of the structure. Fields with the name of an OTLP field have its meaning.
//   A `reserved` field is 0.
// - Texts are UTF-8. Invalid bytes are repaired (U+FFFD) and counted. The library copies its
//   arguments before it returns. A returned text lives as long as its handle and until the next
//   call that changes the handle. A null text is an empty text unless a function says otherwise.
// - Functions never let a C++ exception out and never print.
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
