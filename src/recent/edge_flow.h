// How many items requests have at each point of the pipelines, and how long processors take,
// measured while the graph of the pipelines is looked at. Point 0 of a pipeline lies in front of
// its first processor, point n behind the n-th.
//
// Bounded: two histograms (5 KiB) for each point. Any thread; a measured request costs two relaxed
// adds for each point.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/log_histogram.h"
#include "pipeline/tap.h"

namespace millrace::recent {

class EdgeFlow {
 public:
  struct Point {
    LogHistogram items;       // of a request
    LogHistogram latency_ns;  // of the processor in front of the point; of point 0: nothing
  };

  // `point_counts`: of each pipeline.
  explicit EdgeFlow(const std::vector<size_t>& point_counts) {
    for (const size_t count : point_counts) {
      pipelines_.push_back({.points = std::make_unique<Point[]>(count), .count = count});
    }
  }

  void record(size_t pipeline, const pipeline::Trail& trail) {
    const pipeline::Trail::Point* before = nullptr;
    for (const auto& point : trail.points) {
      if (point.position >= pipelines_[pipeline].count) return;
      Point& into = pipelines_[pipeline].points[point.position];
      into.items.record(point.item_count);
      if (before != nullptr) {
        into.latency_ns.record(static_cast<uint64_t>((point.at - before->at).count()));
      }
      before = &point;
    }
  }

  size_t pipeline_count() const { return pipelines_.size(); }
  size_t point_count(size_t pipeline) const { return pipelines_[pipeline].count; }
  const Point& point(size_t pipeline, size_t position) const {
    return pipelines_[pipeline].points[position];
  }

 private:
  struct OfPipeline {
    std::unique_ptr<Point[]> points;
    size_t count = 0;
  };
  std::vector<OfPipeline> pipelines_;
};

}  // namespace millrace::recent
