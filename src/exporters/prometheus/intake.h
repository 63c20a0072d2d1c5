// From requests of OTLP to the series: reads the received bytes through views, without decoding
// them into objects. A known series costs one pass over its point, one lookup and one store.
//
// One thread, the owner's loop. take() may be suspended by its pace; meanwhile nothing may change
// the store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/pace.h"
#include "exporters/prometheus/series_store.h"
#include "prometheus_series/points.h"
#include "prometheus_series/refused_points.h"
#include "prometheus_series/series_labels.h"

namespace millrace::exporters {

// What became of the points of a request.
struct TakenPoints {
  uint64_t stored = 0;
  uint64_t ended = 0;             // series that their sender declared ended
  uint64_t old = 0;               // the series had a later value
  uint64_t repaired = 0;          // stored with a count that was made the sum of the buckets
  uint64_t help_conflicts = 0;    // metrics whose description is not the family's
  uint64_t without_identity = 0;  // resources without job and instance
  RefusedPoints refused;
};

class Intake {
 public:
  // All outlive this.
  Intake(SeriesStore& store, const prometheus::Namer& namer, const LabelOptions& options)
      : store_(store),
        namer_(namer),
        labels_(namer, options),
        copies_resource_(!options.resource_included.empty()),
        targets_(kTargets) {}

  TakenPoints take(const Rope& request, MonotonicTime now, Pace& pace);

 private:
  struct Metric;
  struct Scope {
    SeriesLabels::Around around;
    KeyHash key;
    bool is_too_large;
  };
  // A resource whose target_info is up to date.
  struct Target {
    KeyHash series;
    KeyHash resource;
  };
  static constexpr size_t kTargets = 1024;

  void take_scope(const Scope& scope, Pace& pace);
  void take_metric(const Scope& scope, const otlp::MetricView& view, Pace& pace);
  std::optional<Refusal> find_family(Metric& metric);
  std::optional<Refusal> take_point(const Scope& scope, const Metric& metric,
                                    otlp::MessageBytes point);
  std::optional<Refusal> find_series(const Scope& scope, const Metric& metric,
                                     otlp::MessageBytes point, const KeyHash& key, Series** into,
                                     bool* is_new);
  std::optional<Refusal> apply(const Metric& metric, const PointHead& head, Series& series,
                               bool is_new, std::unique_ptr<Detail> detail);
  bool add_detail(Series& series, std::unique_ptr<Detail> detail);
  void show_target(const ResourceLabels& resource);

  SeriesStore& store_;
  const prometheus::Namer& namer_;
  SeriesLabels labels_;
  const bool copies_resource_;
  std::vector<Target> targets_;  // by a part of their series' hash
  MonotonicTime now_{};
  TakenPoints taken_;
};

}  // namespace millrace::exporters
