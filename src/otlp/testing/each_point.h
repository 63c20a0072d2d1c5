// The data points of a request of metrics, for tests.
#pragma once

#include "otlp/rope_reader.h"
#include "otlp/views.h"

namespace millrace::testing {

struct PointInRequest {
  const otlp::ResourceView& resource;
  const otlp::ScopeView& scope;
  const otlp::MetricView& metric;
  otlp::MessageBytes bytes;
  otlp::DataPointView view;
};

// Calls `visit` with each data point of `request`, in order; what it refers to ends with the call.
template <class Visit>
void for_each_point(const Rope& request, const Visit& visit) {
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes content; metrics.next(&content);) {
        const auto metric = otlp::MetricView::read(Bytes::copy_of(content));
        otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
        for (otlp::MessageBytes bytes; points.next(&bytes);) {
          visit(PointInRequest{.resource = resource,
                               .scope = scope,
                               .metric = metric,
                               .bytes = bytes,
                               .view = otlp::DataPointView::read(metric.type, bytes)});
        }
      }
    }
  }
}

}  // namespace millrace::testing
