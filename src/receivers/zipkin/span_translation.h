// One Zipkin span as OTLP, by the mapping of otelcol (its translator zipkinv2). The tags decide:
// they are the resource, the scope, the status, the kind, links and the attributes.
#pragma once

#include <string_view>

#include "memory/work.h"
#include "otlp/json/output.h"
#include "receivers/zipkin/arena.h"
#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {

// Sorts the tags by their keys and leaves the last of each key.
void sort_tags(Span& span, Pace& pace);

// All functions below: after sort_tags. False where the output has no room, or with `failure`.

// The field `resource` of a ResourceSpans; nothing where the span has no service name.
[[nodiscard]] bool write_resource(const Span& span, otlp::json::Output& out);
// The field `scope` of a ScopeSpans; nothing where it has no name.
[[nodiscard]] bool write_scope(const Span& span, otlp::json::Output& out);
// The field `spans` of a ScopeSpans. Marks the tags that it has used.
[[nodiscard]] bool write_span(Span& span, bool parse_string_tags, otlp::json::Output& out,
                              Arena& arena, Work& work, Failure& failure);

}  // namespace millrace::receivers::zipkin
