// One walk over a metrics request that keeps, replaces or removes points, and gives metrics another
// temporality. What it does not touch stays the received bytes.
//
// Precondition: the request passed admission. All output is reserved in the budget before it is
// written. The walk calls work.pace for each point and may be suspended there.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "item_identity/identity.h"
#include "memory/work.h"
#include "otlp/views.h"
#include "wire/writer.h"

namespace millrace::metric_streams {

// AggregationTemporality.
inline constexpr int32_t kDelta = 1;
inline constexpr int32_t kCumulative = 2;

// Where the points of a metric stand. Copies keep the bytes.
struct WalkedPlace {
  item_identity::Identity resource_identity;
  item_identity::Identity scope_identity;   // with the resource
  item_identity::Identity metric_identity;  // with the scope: name, unit, type, whether monotonic
  Bytes resource;                           // content of Resource
  std::string_view resource_schema_url;     // a view of resource_metrics
  Bytes resource_metrics;
  otlp::ScopeView scope;
  otlp::MetricView metric;
};

// The identity of the stream of a point, without what the user of the walk adds: resource, scope
// (name, version, attributes), metric (name, unit, type, whether it is monotonic) and attributes.
struct WalkedPoint {
  otlp::MetricType type = otlp::MetricType::kNone;
  bool is_monotonic = false;
  item_identity::Identity stream;
  otlp::MessageBytes bytes;            // inside place->metric
  const WalkedPlace* place = nullptr;  // the same object for all points of a metric
};

enum class PointFate : uint8_t { kKeep, kReplace, kRemove };

class PointEditor {
 public:
  // Whether the points of this metric are to be visited. Others are kept.
  virtual bool wants(const otlp::MetricView& metric) = 0;
  // kReplace: the content of the new point is in `replacement`, which is empty before.
  virtual PointFate visit(const WalkedPoint& point, wire::Writer& replacement) = 0;
  // The temporality of the metrics whose points were visited; nothing: it stays.
  virtual std::optional<int32_t> new_temporality() const = 0;

 protected:
  ~PointEditor() = default;
};

struct EditedPoints {
  Rope request;
  uint32_t removed_count = 0;
};

// As in otelcol, metrics, scopes and resources without points of which some were removed are left
// out. `what` is a literal for errors. Errors: those of otlp/edit.h.
Result<EditedPoints> edit_points(const Rope& request, item_identity::Identity seed,
                                 PointEditor& editor, Work& work, std::string_view what);

}  // namespace millrace::metric_streams
