// Numbers in the Prometheus text format. Go's client prints every sample as a float with
// strconv.FormatFloat(v, 'g', -1, 64): the shortest digits that read back the same, and an exponent
// from 1e+06 on. Scrapers read any form; the same form lets outputs be compared by diff.
#pragma once

#include <cstddef>
#include <string>

namespace millrace::metrics {

// "-2.2250738585072014e-308".
inline constexpr size_t kNumberBytesMax = 24;

// Writes "0", "42", "0.25", "1.234567e+06", "1e-05", "NaN", "+Inf" or "-Inf" to `into`, which has
// room for kNumberBytesMax bytes, and returns the position behind it. Integers cost the least.
char* write_number(char* into, double value);

// The same, appended.
void append_number(std::string& text, double value);

}  // namespace millrace::metrics
