// The options of the span_metrics connector, with otelcol's keys, names, defaults and rules.
// Immutable once read. Reading is for start-up, one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "item_match/pattern.h"
#include "metric_streams/distribution.h"

namespace millrace::connectors::spanmetrics {

struct Dimension {
  std::string name;
  std::optional<std::string> default_value;  // content of an AnyValue
};
struct DimensionList {
  std::vector<Dimension> names;
  std::vector<item_match::Pattern> globs;
  bool empty() const { return names.empty() && globs.empty(); }
};

struct Options {
  std::string metric_namespace = "traces.span.metrics";
  DimensionList dimensions;
  DimensionList calls_dimensions;
  DimensionList duration_dimensions;
  DimensionList event_dimensions;
  std::set<std::string, std::less<>> excluded;  // of the dimensions that every series has
  std::set<std::string, std::less<>> scopes;    // whose name and version become dimensions
  std::vector<std::string> key_attributes;      // empty: a resource is known by all of its
  bool has_histogram = true;
  bool is_exponential = false;
  size_t buckets_max = 160;    // of an exponential histogram, on each side of zero
  std::vector<double> bounds;  // of an explicit one, in the unit
  bool is_in_seconds = false;  // otherwise milliseconds
  bool has_events = false;
  bool is_delta = false;
  bool has_exemplars = false;
  bool has_sampling_method = false;
  size_t exemplars_max = 5;  // of one data point
  Duration flush_interval = 60s;
  Duration metrics_expiration{0};  // of a resource that sends nothing; 0: never
  Duration series_expiration{0};   // of a series; 0: never
  size_t cardinality_limit = 0;    // series of one metric of a resource; 0: none
  size_t resources_max = 1000;

  metric_streams::DistributionShape shape() const {
    return {.is_exponential = is_exponential, .buckets_max = buckets_max, .bounds = bounds};
  }
  // The two are then one series, found once for each span.
  bool counts_and_durations_agree() const {
    return has_histogram && calls_dimensions.empty() && duration_dimensions.empty();
  }
};

void read_options(config::Section& section, Options& into);

}  // namespace millrace::connectors::spanmetrics
