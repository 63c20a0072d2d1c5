// Numbers as the Prometheus text format has them. Go's client prints every sample as a float with
// strconv.FormatFloat(v, 'g', -1, 64): the shortest digits that read back the same, and an exponent
// from 1e+06 on. Scrapers parse any form; printing the same one lets outputs be compared by diff.
#pragma once

#include <string>

namespace millrace::metrics {

// Appends "0", "42", "0.25", "1.234567e+06", "1e-05", "NaN", "+Inf" or "-Inf".
void append_number(std::string& text, double value);

}  // namespace millrace::metrics
