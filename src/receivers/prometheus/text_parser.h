// The text format, versions 0.0.4 and 1.0.0 (names in quotes).
#pragma once

#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/line_cursor.h"
#include "receivers/prometheus/line_reader.h"

namespace millrace::receivers::prometheus {

class TextParser final : public ExpositionParser {
 public:
  explicit TextParser(ExpositionSink& sink) : sink_(sink) {}
  Status feed(std::string_view piece) override;
  Status finish() override;

 private:
  Status read_line(std::string_view text);
  Status read_comment(LineCursor& line);
  Status read_sample(LineCursor& line);

  ExpositionSink& sink_;
  LineReader lines_;
  Sample sample_;
  MetricType type_ = MetricType::kUnknown;  // of the last TYPE
};

}  // namespace millrace::receivers::prometheus
