// The halves of requests in a batch of spans. Pure functions of the batch.
#pragma once

#include <string>

#include "connectors/servicegraph/edge_store.h"
#include "connectors/servicegraph/options.h"
#include "memory/work.h"
#include "otlp/views.h"

namespace millrace::connectors::servicegraph {

// A span that is one half of a request, with what surrounds it.
struct HalfSpan {
  otlp::SpanView span;
  otlp::MessageBytes resource;  // content of Resource
  std::string_view service;
  bool is_client = false;     // or producer; otherwise server or consumer
  bool is_messaging = false;  // producer or consumer

  // The client span's id, by which the two halves are one.
  otlp::MessageBytes edge_span_id() const { return is_client ? span.span_id : span.parent_span_id; }
  // Writes what it knows into the edge.
  void update(const Options& options, Edge& edge) const;
};

// Calls visit(const HalfSpan&) for each; resources without service.name are skipped, as in otelcol.
// Steps work.pace.
template <class Visit>
void each_half(const Rope& request, Work& work, const Visit& visit);

// --- Inside.

inline constexpr size_t kSpanUnits = 100;  // of a Pace
bool read_half(otlp::MessageBytes span, HalfSpan& half);

template <class Visit>
void each_half(const Rope& request, Work& work, const Visit& visit) {
  const otlp::ReadBounds bounds{.pace = &work.pace};
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    HalfSpan half;
    half.resource = resource.resource.view();
    const auto service =
        otlp::find_attribute(half.resource, otlp::kResourceAttributes, "service.name", &work.pace);
    if (!service) continue;
    const std::string name = otlp::to_text(*service);
    half.service = name;
    otlp::ScopeReader scopes(resource, bounds);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader spans(scope.bytes.view(), otlp::kScopeItems, &work.pace);
      for (otlp::MessageBytes span; spans.next(&span);) {
        work.pace.step(kSpanUnits);
        if (read_half(span, half)) visit(half);
      }
    }
  }
}

}  // namespace millrace::connectors::servicegraph
