// A position in one line of a text format, and the parts that the text formats have in common:
// names, quoted texts, labels, numbers. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "receivers/prometheus/exposition.h"

namespace millrace::receivers::prometheus {

// Whether blanks may stand between the parts of a line: text 0.0.4 allows them, OpenMetrics does
// not.
enum class Blanks : uint8_t { kAllowed, kRefused };

class LineCursor {
 public:
  LineCursor(std::string_view line, Blanks blanks) : line_(line), blanks_(blanks) {}

  bool allows_blanks() const { return blanks_ == Blanks::kAllowed; }
  bool at_end() const { return at_ == line_.size(); }
  char peek() const { return at_end() ? '\0' : line_[at_]; }
  std::string_view rest() const { return line_.substr(at_); }
  bool take(char c);
  bool take(std::string_view text);
  // Blanks, where they may stand.
  void skip_blanks();
  // [a-zA-Z_:][a-zA-Z0-9_:]*, without ':' for labels; empty: there is none.
  std::string_view take_metric_name();
  std::string_view take_label_name();
  // "…" with its escapes; nothing: it does not end.
  std::optional<std::string_view> take_quoted();
  // Up to a blank (or `also`), the end of the line.
  std::string_view take_word(char also = '\0');

  // An error that shows the begin of the line.
  std::unexpected<Error> wrong(std::string_view what) const;

 private:
  std::string_view line_;
  const Blanks blanks_;
  size_t at_ = 0;
};

// A quoted text without its quotes: \" \\ \n stand for what they name, and other backslashes for
// themselves. Kept by `labels` where it differs.
std::string_view unescape(std::string_view quoted, LabelSet& labels);
// The same for text outside of a set; `also_quotes` as in OpenMetrics.
std::string unescape_help(std::string_view help, bool also_quotes);

// name{labels}, or {"name",labels}: into `sample`, whose texts are views of the line.
Status read_series(LineCursor& line, Sample& sample);
// Behind '{', up to and with '}'. `name_is_set`: a lone quoted text is then no name of the metric.
Status read_labels(LineCursor& line, bool name_is_set, Sample& sample);

// As Go's strconv.ParseFloat without hexadecimal forms: "1e3", "+Inf", "nan".
std::optional<double> parse_value(std::string_view text);
// A bound as it stands in a label `le` or `quantile`: "1.0", "+Inf", "1e+06".
std::string bound_text(double value);
// Rewrites a label `le` or `quantile` of those types as OpenMetrics has it: "1" becomes "1.0".
void normalize_bound(MetricType type, LabelSet& labels);

}  // namespace millrace::receivers::prometheus
