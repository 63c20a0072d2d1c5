// OpenMetrics 1.0. As strict as Prometheus's parser: one blank between parts, no empty lines, no
// comments, "# EOF" at the end.
#pragma once

#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/line_cursor.h"
#include "receivers/prometheus/line_reader.h"

namespace millrace::receivers::prometheus {

class OpenMetricsParser final : public ExpositionParser {
 public:
  explicit OpenMetricsParser(ExpositionSink& sink) : sink_(sink) {}
  Status feed(std::string_view piece) override;
  // Error: the body does not end with "# EOF".
  Status finish() override;

 private:
  Status read_line(std::string_view text);
  Status read_metadata(LineCursor& line);
  Status read_sample(LineCursor& line);
  Status read_exemplar(LineCursor& line);

  ExpositionSink& sink_;
  LineReader lines_;
  Sample sample_;
  Sample exemplar_;  // its labels
  MetricType type_ = MetricType::kUnknown;
  bool has_ended_ = false;
};

}  // namespace millrace::receivers::prometheus
