// Merges the data points of a metric that have the same attributes and the same time. One thread.
#pragma once

#include <string_view>

#include "ottl/evaluation.h"

namespace millrace::ottl {

enum class Aggregation : uint8_t {
  kSum,
  kMax,
  kMin,
  kMean,
  kMedian,
  kCount,
  kFirst,  // without a name: of several points the first one's value stays
};
// Precondition: a name that the compiler accepted.
Aggregation find_aggregation(std::string_view name);

// Histograms are added up whatever the aggregation. An error for summaries, and for exponential
// histograms whose buckets lie too far apart.
Evaluated<void> aggregate_points(const Item& item, Record* metric, Aggregation aggregation,
                                 Scratch& scratch);

}  // namespace millrace::ottl
