// The difference of two cumulative points of one stream. Pure functions.
#pragma once

#include <cstdint>
#include <expected>

#include "metric_streams/point_writer.h"

namespace millrace::metric_streams {

enum class NoDifference : uint8_t {
  kReset,           // the stream counts from a new beginning: a count fell
  kBucketMismatch,  // histograms with other bounds
};

// `later` less `earlier`, without limits (min, max). Precondition: both are of the same type;
// numbers of the same kind.
std::expected<PointValues, NoDifference> difference(const PointValues& earlier,
                                                    const PointValues& later);

}  // namespace millrace::metric_streams
