// Adds the values of delta points. Pure functions.
#pragma once

#include "metric_streams/point_writer.h"

namespace millrace::processors::deltatocumulative {

// The most buckets of an exponential histogram on each side of zero; its scale shrinks to fit.
inline constexpr size_t kBucketsMax = 160;

// Adds `point` to `sum`. False: they do not fit together (bounds of histograms, types of values),
// and `sum` is now `point`.
bool accumulate(const metric_streams::PointValues& point, metric_streams::PointValues& sum);

// The most that accumulate() lets `sum` grow by, in bytes.
size_t growth_max(const metric_streams::PointValues& point);

}  // namespace millrace::processors::deltatocumulative
