// What transforms do to one metric. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ottl/evaluation.h"
#include "processors/metricstransform/options.h"

namespace millrace::processors::metricstransform {

// The record of a metric and what its changes live in.
struct EditedMetric {
  const ottl::Item& item;
  ottl::Record record;
  ottl::Scratch& scratch;
};

// Gives the metric its new name and runs the operations. False: they have removed all of its
// points. An error, with the operations before it done: an operation is not for this type of
// metric.
ottl::Evaluated<bool> apply(const Transform& transform, EditedMetric& metric);

// Leaves only the points that the transform is for.
void keep_matching_points(const Transform& transform, EditedMetric& metric);

// Gives each point these labels; an old value is replaced.
void set_labels(const std::vector<std::pair<std::string, std::string>>& labels,
                EditedMetric& metric);

// Joins points with the same labels and times.
ottl::Evaluated<void> aggregate(ottl::Aggregation aggregation, EditedMetric& metric);

}  // namespace millrace::processors::metricstransform
