// The values of a point, or of a series between points and scrapes. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "prometheus/model.h"

namespace millrace::exporters {

// The times of a stored series, or of a point. 0: not known.
struct Interval {
  uint64_t start = 0;
  uint64_t time = 0;
};

struct HistogramState {
  std::vector<double> upper_bounds;  // ascending, finite
  std::vector<uint64_t> counts;      // of each bucket alone; one more than bounds, or none of both
  double sum = 0;
  uint64_t count = 0;
};

struct ExponentialState {
  struct Buckets {
    int32_t offset = 0;
    std::vector<uint64_t> counts;
    bool operator==(const Buckets&) const = default;
  };
  int32_t scale = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  uint64_t count = 0;
  double sum = 0;
  Buckets positive;
  Buckets negative;
};

// Merges the buckets of a histogram to that scale, which is not finer than its own.
void coarsen(ExponentialState& histogram, int32_t scale);

struct SummaryState {
  std::vector<prometheus::QuantileValue> quantiles;  // ascending, distinct
  double sum = 0;
  uint64_t count = 0;
};

struct StoredExemplar {
  std::string labels;  // as prometheus::append_label makes it
  double value = 0;
  uint64_t time_unix_nano = 0;
};

// What a series has beside one number.
struct Detail {
  std::variant<std::monostate, HistogramState, ExponentialState, SummaryState> value;
  std::vector<StoredExemplar> exemplars;
  bool empty() const { return value.index() == 0 && exemplars.empty(); }
  // Counts the heap, this included.
  size_t memory_bytes() const;
};

}  // namespace millrace::exporters
