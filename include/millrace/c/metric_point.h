// A metric point as a structure, for millrace_collect_metric(). Millrace does not aggregate: pass
// points that an instrument has aggregated, for example every ten seconds.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "millrace/c/result.h"
#include "millrace/c/value.h"

MILLRACE_C_BEGIN

// The kind of the metric that a point belongs to.
typedef MILLRACE_ENUM(millrace_metric_kind){
    MILLRACE_METRIC_GAUGE = 0,     MILLRACE_METRIC_SUM = 1,
    MILLRACE_METRIC_HISTOGRAM = 2, MILLRACE_METRIC_EXPONENTIAL_HISTOGRAM = 3,
    MILLRACE_METRIC_SUMMARY = 4,
} millrace_metric_kind;

// OTLP's aggregation temporality.
typedef MILLRACE_ENUM(millrace_temporality){
    MILLRACE_TEMPORALITY_DELTA = 1,
    MILLRACE_TEMPORALITY_CUMULATIVE = 2,
} millrace_temporality;

// The positive or the negative buckets of an exponential histogram, as in OTLP.
typedef struct millrace_exponential_buckets {
  int32_t offset;
  uint32_t reserved;  // 0
  const uint64_t* bucket_counts;
  size_t bucket_count;
} millrace_exponential_buckets;

// One quantile of a summary, as in OTLP.
typedef struct millrace_quantile {
  double quantile;  // 0 to 1
  double value;
} millrace_quantile;

// A measurement of a point with the span in which it was made, as in OTLP.
typedef struct millrace_exemplar {
  uint64_t time_unix_nano;  // 0: the time of the point
  millrace_value value;     // MILLRACE_VALUE_INTEGER or MILLRACE_VALUE_DOUBLE
  uint8_t trace_id[16];
  uint8_t span_id[8];
  const millrace_attribute* filtered_attributes;
  size_t filtered_attribute_count;
} millrace_exemplar;

// One data point of one metric, as in OTLP.
typedef struct millrace_metric_point {
  size_t struct_size;  // sizeof(millrace_metric_point)
  millrace_metric_kind kind;
  millrace_temporality temporality;  // for sums, histograms and exponential histograms
  millrace_text name;
  millrace_text description;
  millrace_text unit;             // UCUM: "s", "By", "{request}"
  uint64_t start_time_unix_nano;  // 0: see millrace::MetricPoint
  uint64_t time_unix_nano;        // 0: the time of the collect call
  const millrace_attribute* attributes;
  size_t attribute_count;
  uint32_t flags;
  uint32_t is_monotonic;  // for sums
  millrace_value value;   // for gauges and sums: MILLRACE_VALUE_INTEGER or MILLRACE_VALUE_DOUBLE
  // For histograms and exponential histograms; count and sum also for summaries. sum, min and max
  // are present when their has_ field is not 0.
  uint64_t count;
  double sum;
  double min;
  double max;
  uint32_t has_sum;
  uint32_t has_min;
  uint32_t has_max;
  uint32_t reserved;  // 0
  // For histograms: one more bucket count than bounds, or no counts and no bounds. Bounds ascend.
  const uint64_t* bucket_counts;
  size_t bucket_count;
  const double* explicit_bounds;
  size_t bound_count;
  // For exponential histograms.
  int32_t scale;
  uint32_t reserved2;  // 0
  uint64_t zero_count;
  double zero_threshold;
  millrace_exponential_buckets positive;
  millrace_exponential_buckets negative;
  // For summaries.
  const millrace_quantile* quantiles;
  size_t quantile_count;
  // For all kinds except summaries.
  const millrace_exemplar* exemplars;
  size_t exemplar_count;
} millrace_metric_point;

// Sets a cumulative, monotonic point of that kind with the current time. Set `value` or the fields
// of the kind afterwards.
static inline void millrace_metric_point_init(millrace_metric_point* point,
                                              millrace_metric_kind kind, const char* name,
                                              const char* unit) {
  memset(point, 0, sizeof *point);
  point->struct_size = sizeof *point;
  point->kind = kind;
  point->temporality = MILLRACE_TEMPORALITY_CUMULATIVE;
  point->is_monotonic = 1;
  point->name = millrace_text_of(name);
  point->unit = millrace_text_of(unit);
  point->time_unix_nano = millrace_now_unix_nano();
  point->value = millrace_integer_value(0);
}

MILLRACE_C_END
