// Metrics in the form that a walk needs before it reads them as records. One walk's.
#pragma once

#include <vector>

#include "memory/work.h"
#include "otlp/level_writer.h"
#include "ottl/evaluation.h"

namespace millrace::ottl {

// Of several members of Metric.data the last one is meant, and several parts of it are one. They
// are put together in the level's content, so that all else can rely on one. Returns its type.
// Without memory for the copy the LevelWriter is stopped.
otlp::MetricType unify_data(otlp::Level& metric, otlp::LevelWriter& levels, Work& work);

// Metrics that statements add to a scope.
class AddedMetrics final : public MetricSink {
 public:
  explicit AddedMetrics(Budget& budget) : scratch_(&budget) {}
  bool add(otlp::MessageBytes metric) override;
  size_t count() const { return metrics_.size(); }
  // Its content, which may be kept as a slice. Empty when there is no memory for that (stopped).
  Bytes take(size_t i, otlp::LevelWriter& levels, Work& work) const;
  void clear();

 private:
  Scratch scratch_;
  std::vector<otlp::MessageBytes> metrics_;
};

}  // namespace millrace::ottl
