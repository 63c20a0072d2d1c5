// How a point changes a series that is there. Pure functions of the times and values.
//
// Source: OTLP's data model (temporality, "Resets and Gaps", merging exponential histograms), and
// what otelcol's exporter does with points that do not follow each other.
#pragma once

#include <cstdint>

#include "prometheus_series/values.h"

namespace millrace::exporters {

enum class Step : uint8_t {
  kReplaces,
  kAdds,
  kIsOld,         // the series has a later value: nothing happens
  kIsMisaligned,  // a delta that overlaps what is counted already, and is not added
};

// For a cumulative point, a gauge or a summary. A point without a time is the newest.
Step step_of_cumulative(const Interval& stored, const Interval& point);
// For a delta of a sum. It is added where it follows what is stored, or where its start or the time
// stored is not known; after a gap or with an overlap the count begins anew with it.
Step step_of_delta_sum(const Interval& stored, const Interval& point);
// For a delta of a histogram: as for a sum, but an overlap is misaligned.
Step step_of_delta_histogram(const Interval& stored, const Interval& point);
// The interval of the series after the step.
Interval interval_after(Step step, const Interval& stored, const Interval& point);

// Adds `delta` to `into`. False, and nothing changed: the bounds differ, or a count would pass 64
// bits.
bool add_histogram(HistogramState& into, const HistogramState& delta);

// A histogram that is sparser than this is merged to a coarser scale.
inline constexpr size_t kExponentialBucketsMax = 2048;

// Adds `delta` to `into` at the coarser of the two scales, or a coarser one if the buckets would be
// more than kExponentialBucketsMax; with the larger zero threshold, under which no bucket remains.
// False, and `into` undefined: a count would pass 64 bits, or the buckets lie too far apart.
bool add_exponential(ExponentialState& into, ExponentialState delta);
// Adds the buckets within the zero threshold to the zero count. A bucket that the threshold divides
// moves the threshold to its upper bound, unless it is empty.
void fold_into_zero(ExponentialState& histogram);

}  // namespace millrace::exporters
