// A metric point written as protobuf bytes while it is being described.
#pragma once

#include <stdint.h>

#include "millrace/c/metric_point.h"

MILLRACE_C_BEGIN

// Made once, used for one point after the other. What cannot be written (no memory) is answered by
// millrace_collect_metric_builder().
typedef struct millrace_metric_point_builder millrace_metric_point_builder;

// Begins with everything that is in `point`, which may have attributes and exemplars or none; null,
// or MILLRACE_INVALID_ARGUMENT and nothing is changed, when millrace_collect_metric() would refuse
// it. reset begins another point in the same room.
MILLRACE_API millrace_metric_point_builder* millrace_metric_point_builder_new(
    const millrace_metric_point* point);
MILLRACE_API millrace_code millrace_metric_point_builder_reset(
    millrace_metric_point_builder* builder, const millrace_metric_point* point);
MILLRACE_API void millrace_metric_point_builder_free(millrace_metric_point_builder* builder);

// One more attribute; a key that is there already is not looked for. `yes` is anything but 0.
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

// One more example; a summary has none.
MILLRACE_API void millrace_metric_point_builder_add_exemplar(millrace_metric_point_builder* builder,
                                                             const millrace_exemplar* exemplar);

MILLRACE_C_END
