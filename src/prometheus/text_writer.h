// The text formats: Prometheus 0.0.4 and 1.0.0, which differ in the Content-Type alone, and
// OpenMetrics 1.0. See page_writer.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/number_text.h"
#include "prometheus/bucket_exemplars.h"
#include "prometheus/escaped_labels.h"
#include "prometheus/page_output.h"
#include "prometheus/page_writer.h"

namespace millrace::prometheus {

class TextWriter final : public PageWriter {
 public:
  TextWriter(const PageOptions& options, Sink& sink);

  void begin_family(const Family& family) override;
  void write(const SeriesHead& head, const NumberValue& value) override;
  void write(const SeriesHead& head, const HistogramValue& value) override;
  void write(const SeriesHead& head, const SummaryValue& value) override;
  void write(const SeriesHead& head, const ExponentialValue& value) override;
  void finish() override;
  bool failed() const override { return output_.failed(); }

 private:
  // The begin of a line, ready to be copied: `name{` with labels behind it, `name` without any. For
  // names that must be quoted: `{"name",` and `{"name"}`.
  struct LineBegin {
    std::string with_labels;
    std::string alone;
  };
  static LineBegin line_begin(std::string_view name);

  void begin_series(const SeriesHead& head);
  void append_begin(const LineBegin& begin);
  // `label` is name, value and the closing brace.
  void append_begin(const LineBegin& begin, std::string_view label);
  std::string_view float_text(double value);
  void append_float(double value) { output_.append(float_text(value)); }
  void append_count(uint64_t count);
  void append_exemplar(const Exemplar& exemplar);
  void end_line(const Exemplar* exemplar = nullptr);
  void write_sum_and_count(double sum, uint64_t count);
  void write_bucket(std::string_view label, uint64_t count, const Exemplar* exemplar);
  void read_bounds(std::span<const double> bounds);

  const bool is_open_metrics_;
  const Escaping escaping_;
  std::optional<EscapedLabels> escaped_labels_;  // when names of labels may need it
  PageOutput output_;

  // State of the current family.
  std::string comments_;  // written with its first series
  LineBegin plain_;
  LineBegin bucket_;
  LineBegin sum_;
  LineBegin count_;

  // Bounds of the last histogram, which most have in common, and `le="1"} ` for each.
  std::vector<double> bounds_;
  std::vector<std::string> bound_labels_;

  // State of the current series.
  std::string_view labels_;
  std::string line_end_;  // the time, if there is one
  BucketExemplars exemplars_;
  char number_[metrics::kNumberBytesMax + 2];  // of float_text()
};

}  // namespace millrace::prometheus
