// Exemplars of OTLP as remote write sends them. Pure function.
#pragma once

#include <cstdint>
#include <string>

#include "otlp/views.h"

namespace millrace::exporters {

struct WrittenExemplar {
  std::string labels;  // of prometheus::append_label: trace_id, span_id, filtered attributes
  double value = 0;
  int64_t time_ms = 0;
};

// The attributes are left out when names and values have more than 128 characters, which
// OpenMetrics allows at most. Their names are not translated, as in otelcol.
WrittenExemplar read_written_exemplar(otlp::MessageBytes exemplar);

}  // namespace millrace::exporters
