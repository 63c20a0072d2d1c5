// Exponential histograms with explicit bounds (otelcol's algorithms), and percentiles of both kinds
// of histogram. One thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/random.h"
#include "ottl/evaluation.h"

namespace millrace::ottl {

// `distribution`: upper, midpoint, uniform, random or empty (random): into which of the buckets
// that it touches a bucket's count goes. As otelcol writes it, there are as many counts as bounds.
// Precondition: there is a bound.
Evaluated<Record> to_explicit_histogram(const Record& point, std::string_view distribution,
                                        std::span<const double> bounds, Random* random,
                                        Scratch& scratch);

// Interpolates in the bucket that holds the percentile. Nothing for a point that has counted
// nothing; an error where its counts do not fit together.
Evaluated<std::optional<double>> percentile_of(const Record& point, double percentile,
                                               Scratch& scratch);

}  // namespace millrace::ottl
