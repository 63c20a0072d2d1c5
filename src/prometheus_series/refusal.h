// Why a point is not in the series, as counters and the log name it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::exporters {

enum class Refusal : uint8_t {
  kBadName,        // nothing of the metric's name remains
  kBadLabel,       // the key of an attribute makes no label
  kTypeConflict,   // a metric of another type has the name
  kNameCollision,  // another metric's series have the name (a histogram's h_count)
  kNoType,         // the metric has no data
  kUnspecifiedTemporality,
  kNonMonotonicDelta,
  kInvalidDelta,      // below zero, or no number
  kMisalignedStart,   // the delta of a histogram overlaps what is counted
  kInvalidHistogram,  // buckets without bounds, bounds that do not ascend, counts beyond 64 bits
  kScaleTooCoarse,    // an exponential histogram that Prometheus cannot show
  kNoValue,
  kTooLarge,     // a point or resource of more than kBytesRead
  kSeriesLimit,  // max_series_bytes, or the memory budget, has no room for a new series
  // Remote write only:
  kDeltaTemporality,
  kBadTime,          // none, or behind the year 2262: a server refuses the whole request for it
  kDuplicateSample,  // the series has another value at that time
};
inline constexpr size_t kRefusalCount = static_cast<size_t>(Refusal::kDuplicateSample) + 1;
inline constexpr std::array kRemoteWriteRefusals = {Refusal::kDeltaTemporality, Refusal::kBadTime,
                                                    Refusal::kDuplicateSample};

constexpr std::string_view refusal_name(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusalCount> kNames = {"bad_name",
                                                                  "bad_label",
                                                                  "type_conflict",
                                                                  "name_collision",
                                                                  "no_type",
                                                                  "unspecified_temporality",
                                                                  "non_monotonic_delta",
                                                                  "invalid_delta",
                                                                  "misaligned_start",
                                                                  "invalid_histogram",
                                                                  "scale_too_coarse",
                                                                  "no_value",
                                                                  "too_large",
                                                                  "series_limit",
                                                                  "delta_temporality",
                                                                  "bad_time",
                                                                  "duplicate_sample"};
  return kNames[static_cast<size_t>(refusal)];
}

}  // namespace millrace::exporters
