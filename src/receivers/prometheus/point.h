// The data points of OTLP, written from what was scraped. A point's attributes stand first in it,
// so that they can be used again for a marker that its series has ended. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "receivers/prometheus/exposition.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {

enum class PointKind : uint8_t { kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };

// In nanoseconds since the epoch.
struct PointTimes {
  uint64_t start = 0;  // 0: unknown
  uint64_t time = 0;
};

// A histogram or a summary, as its samples gave it.
struct DistributionValue {
  double count = 0;
  double sum = 0;
  bool has_sum = false;
  // Bound and cumulative count, quantile and value; the first is a number.
  std::vector<std::pair<double, double>> parts;
};

// Whether a label is an attribute of points of that kind.
bool is_attribute(std::string_view label, PointKind kind);
// The attributes of a point of that kind, encoded.
void write_attributes(wire::Writer& writer, PointKind kind, std::span<const Label> labels);
void write_exemplar(wire::Writer& writer, PointKind kind, const Exemplar& exemplar,
                    uint64_t time_of_scrape);

// A count as OTLP has it: a whole number.
uint64_t whole_count(double count);

// The rest of a point behind its attributes.
void write_number(wire::Writer& writer, const PointTimes& times, double value);
// False, and nothing written: counts that are not numbers or fall with the bounds.
bool write_histogram(wire::Writer& writer, const PointTimes& times, DistributionValue& value);
void write_summary(wire::Writer& writer, const PointTimes& times, DistributionValue& value);
void write_native(wire::Writer& writer, const PointTimes& times, const NativeHistogram& value);
// NO_RECORDED_VALUE.
void write_marker(wire::Writer& writer, PointKind kind, uint64_t time);

}  // namespace millrace::receivers::prometheus
