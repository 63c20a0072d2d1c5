// One Jaeger span and its process as OTLP, by the mapping of otelcol (its translator jaeger): tags
// decide the kind, the status, the scope and the trace state, references the parent and the links,
// logs become events.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/pace.h"
#include "otlp/json/output.h"
#include "receivers/jaeger/span.h"

namespace millrace::receivers::jaeger {

struct Scope {
  std::string_view name;
  std::string_view version;
};

// The scope that the span names; its tags are removed. Before write_span.
Scope take_scope(Span& span);

// All functions below are false where the output has no room.

// The field `resource` of a ResourceSpans; nothing where the process says nothing.
[[nodiscard]] bool write_resource(Process& process, Model model, otlp::json::Output& out,
                                  Pace& pace);
// The field `scope` of a ScopeSpans; nothing where both are empty.
[[nodiscard]] bool write_scope(const Scope& scope, otlp::json::Output& out);
// The field `spans` of a ScopeSpans. The span is used up.
[[nodiscard]] bool write_span(Span& span, Model model, otlp::json::Output& out, Pace& pace);

}  // namespace millrace::receivers::jaeger
