// A metric point written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/metric_point.h"

MILLRACE_C_BEGIN

// One builder serves any number of points, one after the other. When memory runs out while it
// writes, millrace_collect_metric_builder() returns MILLRACE_TOO_LARGE.
typedef struct millrace_metric_point_builder millrace_metric_point_builder;

// Begins with the contents of `point`, with or without attributes and exemplars. When
// millrace_collect_metric() would refuse `point`, new returns null, and reset returns
// MILLRACE_INVALID_ARGUMENT and changes nothing. reset begins another point in the same memory.
MILLRACE_API millrace_metric_point_builder* millrace_metric_point_builder_new(
    const millrace_metric_point* point);
MILLRACE_API millrace_code millrace_metric_point_builder_reset(
    millrace_metric_point_builder* builder, const millrace_metric_point* point);
MILLRACE_API void millrace_metric_point_builder_free(millrace_metric_point_builder* builder);

// Appends an attribute without checking for an earlier one with that key. `yes`: any value but 0.
MILLRACE_API void millrace_metric_point_builder_set_text(millrace_metric_point_builder* builder,
                                                         const char* key, const char* text);
MILLRACE_API void millrace_metric_point_builder_set_bool(millrace_metric_point_builder* builder,
                                                         const char* key, int yes);
MILLRACE_API void millrace_metric_point_builder_set_integer(millrace_metric_point_builder* builder,
                                                            const char* key, int64_t integer);
MILLRACE_API void millrace_metric_point_builder_set_double(millrace_metric_point_builder* builder,
                                                           const char* key, double number);
MILLRACE_API void millrace_metric_point_builder_set_value(millrace_metric_point_builder* builder,
                                                          const char* key,
                                                          const millrace_value* value);

// Appends an exemplar. Does nothing for a summary, which has none.
MILLRACE_API void millrace_metric_point_builder_add_exemplar(millrace_metric_point_builder* builder,
                                                             const millrace_exemplar* exemplar);

MILLRACE_C_END
