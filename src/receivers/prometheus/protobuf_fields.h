// The smaller messages of io.prometheus.client: labels, times, exemplars, and the buckets of native
// histograms. Views into the message. Pure functions; false: not valid protobuf, or text that is
// not UTF-8.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "receivers/prometheus/exposition.h"

namespace millrace::receivers::prometheus {

// More buckets have no sense, and gaps between spans could ask for any number.
inline constexpr size_t kNativeBucketsMax = 4096;

bool read_label_pair(std::span<const uint8_t> message, Label* into);
bool read_timestamp(std::span<const uint8_t> message, int64_t* milliseconds);
bool read_exemplar(std::span<const uint8_t> message, Exemplar* into);

struct NativeParts {
  NativeHistogram histogram;
  bool is_native = false;  // the message describes a native histogram
  bool is_usable = true;   // false: buckets that OTLP has no form for
};
// Of a Histogram message, with its native exemplars.
bool read_native(std::span<const uint8_t> message, NativeParts* into,
                 std::vector<Exemplar>* exemplars);

}  // namespace millrace::receivers::prometheus
