#include "metric_streams/difference.h"

#include <cmath>
#include <utility>

namespace millrace::metric_streams {
namespace {

using Difference = std::expected<PointValues, NoDifference>;
using Reset = std::unexpected<NoDifference>;

std::optional<double> difference_of_sums(const std::optional<double>& earlier,
                                         const std::optional<double>& later) {
  if (!later) return std::nullopt;
  return std::isnan(*later) ? *later : *later - earlier.value_or(0);
}

Difference subtract(const NumberValues& earlier, const NumberValues& later) {
  if (const int64_t* const number = std::get_if<int64_t>(&later.value)) {
    const int64_t before = std::get<int64_t>(earlier.value);
    if (*number < before) return Reset(NoDifference::kReset);
    return NumberValues{
        static_cast<int64_t>(static_cast<uint64_t>(*number) - static_cast<uint64_t>(before))};
  }
  const double number = std::get<double>(later.value);
  const double before = std::get<double>(earlier.value);
  if (number < before) return Reset(NoDifference::kReset);
  return NumberValues{number - before};
}

Difference subtract(const HistogramValues& earlier, const HistogramValues& later) {
  if (later.counts.size() != earlier.counts.size() || later.bounds != earlier.bounds) {
    return Reset(NoDifference::kBucketMismatch);
  }
  if (later.count < earlier.count) return Reset(NoDifference::kReset);
  HistogramValues made{.count = later.count - earlier.count,
                       .sum = difference_of_sums(earlier.sum, later.sum),
                       .min = {},
                       .max = {},
                       .bounds = later.bounds,
                       .counts = later.counts};
  for (size_t i = 0; i < made.counts.size(); ++i) {
    if (made.counts[i] < earlier.counts[i]) return Reset(NoDifference::kReset);
    made.counts[i] -= earlier.counts[i];
  }
  return made;
}

// Of buckets of the same scale; nothing where a count fell. Empty buckets at the ends are left out.
std::optional<ExponentialBuckets> subtract(const ExponentialBuckets& earlier,
                                           const ExponentialBuckets& later) {
  ExponentialBuckets made = later;
  for (size_t i = 0; i < earlier.counts.size(); ++i) {
    if (earlier.counts[i] == 0) continue;
    const int64_t at = int64_t{earlier.offset} + static_cast<int64_t>(i) - later.offset;
    if (at < 0 || at >= static_cast<int64_t>(made.counts.size())) return std::nullopt;
    uint64_t& count = made.counts[static_cast<size_t>(at)];
    if (count < earlier.counts[i]) return std::nullopt;
    count -= earlier.counts[i];
  }
  ExponentialBuckets trimmed;
  trimmed.add(made);
  return trimmed;
}

Difference subtract(ExponentialValues earlier, const ExponentialValues& later) {
  if (later.count < earlier.count || later.zero_threshold < earlier.zero_threshold ||
      later.scale > earlier.scale) {
    return Reset(NoDifference::kReset);
  }
  if (later.zero_threshold > earlier.zero_threshold) {
    earlier.zero_count += earlier.positive.take_below(later.zero_threshold, earlier.scale);
    earlier.zero_count += earlier.negative.take_below(later.zero_threshold, earlier.scale);
  }
  const int32_t steps = static_cast<int32_t>(
      int64_t{earlier.scale} - later.scale > 31 ? 31 : earlier.scale - later.scale);
  earlier.positive.downscale(steps);
  earlier.negative.downscale(steps);
  auto positive = subtract(earlier.positive, later.positive);
  auto negative = subtract(earlier.negative, later.negative);
  if (!positive || !negative || later.zero_count < earlier.zero_count) {
    return Reset(NoDifference::kReset);
  }
  return ExponentialValues{.count = later.count - earlier.count,
                           .sum = difference_of_sums(earlier.sum, later.sum),
                           .min = {},
                           .max = {},
                           .scale = later.scale,
                           .zero_count = later.zero_count - earlier.zero_count,
                           .zero_threshold = later.zero_threshold,
                           .positive = *std::move(positive),
                           .negative = *std::move(negative)};
}

}  // namespace

Difference difference(const PointValues& earlier, const PointValues& later) {
  return std::visit(
      [&]<class Values>(const Values& of_type) -> Difference {
        return subtract(std::get<Values>(earlier), of_type);
      },
      later);
}

}  // namespace millrace::metric_streams
