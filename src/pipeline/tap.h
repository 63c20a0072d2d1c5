// Told of the requests that pass a pipeline, for the console: of those that enter destinations,
// and, while a point of the pipeline is watched, of samples at each point between the processors.
//
// One for each pipeline and worker, used on the worker's loop only. It may share the bytes, must be
// quick, and can't refuse.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/time.h"
#include "pipeline/payload.h"

namespace millrace::pipeline {

// One request at the points of a pipeline: point 0 lies in front of the first processor, point n
// behind the n-th.
struct Trail {
  struct Point {
    size_t position = 0;
    uint32_t item_count = 0;
    Rope bytes;          // empty: processors left nothing
    MonotonicTime at{};  // Loop::read_clock()
  };
  std::vector<Point> points;  // in order; the first is not 0 for what a processor held and emitted
  MetadataRef metadata;
  std::string refusal;  // of the processor behind the last point; empty: none
};

class Tap {
 public:
  // It has entered destinations.
  virtual void take(const Payload& payload) = 0;
  // Not 0 while a point of this pipeline, or the flow through all of them, is watched. Lives as
  // long as this; any thread.
  virtual const std::atomic<uint64_t>& watched_points() const = 0;
  // Asked only while it is not 0: whether this request is to be followed.
  virtual bool wants_trail(const Payload& payload) = 0;
  virtual void take_trail(Trail trail) = 0;

 protected:
  ~Tap() = default;
};

}  // namespace millrace::pipeline
