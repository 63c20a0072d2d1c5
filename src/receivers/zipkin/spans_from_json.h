// A JSON array of Zipkin spans, version 2 (https://zipkin.io/zipkin-api/#/default/post_spans), as
// leniently as otelcol reads it: keys in any case, unknown ones skipped, null for "absent", trace
// ids of 1 to 32 hex digits and span ids of 1 to 16. What is not JSON, of another type or too large
// for its field is an error.
#pragma once

#include <string_view>

#include "base/result.h"
#include "memory/work.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

// Hands each span to `sink`. With kBadData the message names the line and column, the span and the
// field: "line 3, column 14: spans[2].traceId: expected 1 to 32 hex digits".
Status read_json_spans(std::string_view body, Arena& arena, Work& work, SpanSink& sink,
                       Failure& failure);

}  // namespace millrace::receivers::zipkin
