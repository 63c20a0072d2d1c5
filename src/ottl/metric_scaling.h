// Multiplies the values of a data point by a factor. One thread.
#pragma once

#include "ottl/metric_points.h"

namespace millrace::ottl {

// A point of a gauge, a sum, a histogram or a summary. Integers are cut off.
void scale_point(double factor, Record* point, Scratch& scratch);
// A point of an exponential histogram: sum, limits, zero threshold and exemplars, and the offsets
// of its buckets, whose scale and counts stay. The buckets are those of the first bucket's middle,
// so the result is exact for powers of the base only.
void scale_exponential_point(double factor, Record* point, Scratch& scratch);

}  // namespace millrace::ottl
