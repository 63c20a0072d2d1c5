// The start of a point, decided from what its stream had before. Pure functions of a stream's
// state; times are in Unix nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "metric_streams/point_writer.h"

namespace millrace::processors::metricstarttime {

enum class Strategy : uint8_t {
  kTrueResetPoint,        // the first point starts at its own time
  kSubtractInitialPoint,  // the first point is removed, and subtracted from those that follow
  kStartTimeMetric,       // a stream starts when the process did, as a metric says
};

// What is known of a stream. Numbers, by far the most frequent, lie in the state itself.
struct StreamState {
  struct Values {
    metric_streams::PointValues previous;
    metric_streams::PointValues initial;
  };
  uint64_t start = 0;
  bool subtracts_initial = false;  // until the first reset
  metric_streams::NumberValues previous;
  metric_streams::NumberValues initial;
  std::unique_ptr<Values> values;  // of a point that is no number

  size_t bytes() const;
};

struct Point {
  uint64_t time = 0;
  bool has_no_value = false;  // the flag NO_RECORDED_VALUE
  // Replaced by the values that go on. Of a summary: its count and sum, as a histogram without
  // buckets.
  metric_streams::PointValues values;
};

struct Start {
  bool is_removed = false;
  bool has_new_values = false;
  uint64_t start = 0;
};

// `first_start`: of a new stream, with kStartTimeMetric. Precondition: all points of a stream have
// values of one type.
Start start_of(Strategy strategy, uint64_t first_start, bool is_new, Point& point,
               StreamState& state);

// By how many bytes such a point may let the state grow.
size_t growth_of(const metric_streams::PointValues& values);

}  // namespace millrace::processors::metricstarttime
