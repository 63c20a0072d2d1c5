#include "prometheus/text_writer.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "metrics/number_text.h"
#include "prometheus/escaping.h"
#include "prometheus/labels.h"

namespace millrace::prometheus {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kInfinityLabel = "le=\"+Inf\"} ";

// The last label of a line.
std::string label_text(std::string_view name, std::string_view value) {
  return std::string(name).append("=\"").append(value).append("\"} ");
}

std::string_view type_name(FamilyType type, bool is_open_metrics) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
    case FamilyType::kSummary:
      return "summary";
    case FamilyType::kUntyped:
      break;
  }
  return is_open_metrics ? "unknown" : "untyped";
}

// The name as it stands in a comment.
std::string comment_name(std::string_view name) {
  if (is_plain_metric_name(name)) return std::string(name);
  std::string quoted = "\"";
  append_escaped_value(quoted, name);
  return quoted + "\"";
}

void append_comment(std::string& text, std::string_view keyword, std::string_view name,
                    std::string_view content) {
  text.append("# ").append(keyword).append(" ").append(name).append(" ").append(content);
  text += '\n';
}

// OpenMetrics writes floats so that they are no integers. Room: kNumberBytesMax + 2 bytes.
char* write_open_metrics_number(char* into, double value) {
  char* const end = metrics::write_number(into, value);
  const std::string_view text(into, static_cast<size_t>(end - into));
  // Neither a fraction or an exponent nor "NaN" or "+Inf".
  if (text.find_first_of(".eNI") != std::string_view::npos) return end;
  end[0] = '.';
  end[1] = '0';
  return end + 2;
}

std::string time_text(int64_t timestamp_ms, bool is_open_metrics) {
  if (!is_open_metrics) return std::to_string(timestamp_ms);
  char number[metrics::kNumberBytesMax + 2];
  return {number, write_open_metrics_number(number, static_cast<double>(timestamp_ms) / 1000)};
}

}  // namespace

TextWriter::TextWriter(const PageOptions& options, Sink& sink)
    : is_open_metrics_(options.exposition.format == Format::kOpenMetrics001 ||
                       options.exposition.format == Format::kOpenMetrics100),
      escaping_(options.exposition.escaping),
      output_(sink) {
  if (options.names == NameForm::kUtf8 && escaping_ != Escaping::kAllowUtf8) {
    escaped_labels_.emplace(escaping_);
  }
}

TextWriter::LineBegin TextWriter::line_begin(std::string_view name) {
  if (is_plain_metric_name(name)) {
    return {.with_labels = std::string(name) + "{", .alone = std::string(name)};
  }
  const std::string quoted = "{" + comment_name(name);
  return {.with_labels = quoted + ",", .alone = quoted + "}"};
}

void TextWriter::begin_family(const Family& family) {
  const std::string name = escape_metric_name(family.name, escaping_);
  std::string_view family_name = name;
  FamilyType type = family.type;
  if (is_open_metrics_ && type == FamilyType::kCounter) {
    // A counter of OpenMetrics must have the suffix, and its family has not.
    if (family_name.ends_with(kTotal)) {
      family_name.remove_suffix(kTotal.size());
    } else {
      type = FamilyType::kUntyped;
    }
  }
  const std::string in_comment = comment_name(family_name);
  std::string help;
  if (is_open_metrics_) {
    append_escaped_value(help, family.help);
  } else {
    append_escaped_help(help, family.help);
  }
  comments_.clear();
  append_comment(comments_, "HELP", in_comment, help);
  append_comment(comments_, "TYPE", in_comment, type_name(type, is_open_metrics_));
  if (is_open_metrics_ && has_unit_suffix(family)) {
    append_comment(comments_, "UNIT", in_comment, family.unit);
  }
  plain_ = line_begin(name);
  if (family.type == FamilyType::kHistogram || family.type == FamilyType::kSummary) {
    bucket_ = line_begin(name + "_bucket");
    sum_ = line_begin(name + "_sum");
    count_ = line_begin(name + "_count");
  }
}

void TextWriter::begin_series(const SeriesHead& head) {
  if (!comments_.empty()) {
    output_.append(comments_);
    comments_.clear();
  }
  labels_ = escaped_labels_ ? escaped_labels_->of(head.labels) : head.labels;
  line_end_.clear();
  if (head.timestamp_ms) line_end_ = " " + time_text(*head.timestamp_ms, is_open_metrics_);
}

void TextWriter::append_begin(const LineBegin& begin) {
  if (labels_.empty()) {
    output_.append(begin.alone);
    output_.append(" ");
    return;
  }
  output_.append(begin.with_labels);
  output_.append(labels_);
  output_.append("} ");
}

void TextWriter::append_begin(const LineBegin& begin, std::string_view label) {
  output_.append(begin.with_labels);
  if (!labels_.empty()) {
    output_.append(labels_);
    output_.append(",");
  }
  output_.append(label);
}

// Valid until the next call.
std::string_view TextWriter::float_text(double value) {
  // Go's client prints -0 as 0.
  if (value == 0) value = 0;
  const char* const end = is_open_metrics_ ? write_open_metrics_number(number_, value)
                                           : metrics::write_number(number_, value);
  return {number_, end};
}

// A count of observations: an integer in OpenMetrics, a float like all others in Prometheus's text.
void TextWriter::append_count(uint64_t count) {
  if (!is_open_metrics_) return append_float(static_cast<double>(count));
  char number[metrics::kNumberBytesMax];
  output_.append({number, std::to_chars(number, number + sizeof number, count).ptr});
}

void TextWriter::append_exemplar(const Exemplar& exemplar) {
  output_.append(" # {");
  output_.append(exemplar.labels);
  output_.append("} ");
  append_float(exemplar.value);
  if (exemplar.time_unix_nano == 0) return;
  output_.append(" ");
  append_float(static_cast<double>(exemplar.time_unix_nano) / 1e9);
}

void TextWriter::end_line(const Exemplar* exemplar) {
  output_.append(line_end_);
  if (is_open_metrics_ && exemplar != nullptr && !exemplar->labels.empty()) {
    append_exemplar(*exemplar);
  }
  output_.append("\n");
}

void TextWriter::write(const SeriesHead& head, const NumberValue& value) {
  begin_series(head);
  append_begin(plain_);
  append_float(value.value);
  end_line(value.exemplar);
}

void TextWriter::write_sum_and_count(double sum, uint64_t count) {
  append_begin(sum_);
  append_float(sum);
  end_line();
  append_begin(count_);
  append_count(count);
  end_line();
}

void TextWriter::write_bucket(std::string_view label, uint64_t count, const Exemplar* exemplar) {
  append_begin(bucket_, label);
  append_count(count);
  end_line(exemplar);
}

void TextWriter::read_bounds(std::span<const double> bounds) {
  if (std::ranges::equal(bounds, bounds_)) return;
  bounds_.assign(bounds.begin(), bounds.end());
  bound_labels_.clear();
  for (const double bound : bounds) bound_labels_.push_back(label_text("le", float_text(bound)));
}

void TextWriter::write(const SeriesHead& head, const HistogramValue& value) {
  begin_series(head);
  read_bounds(value.upper_bounds);
  const std::vector<const Exemplar*>& exemplars = exemplars_.of(value);
  const auto exemplar = [&](size_t i) { return exemplars.empty() ? nullptr : exemplars[i]; };
  uint64_t count = 0;
  for (size_t i = 0; i < value.upper_bounds.size(); ++i) {
    count += i < value.bucket_counts.size() ? value.bucket_counts[i] : 0;
    write_bucket(bound_labels_[i], count, exemplar(i));
  }
  write_bucket(kInfinityLabel, value.count, exemplar(value.upper_bounds.size()));
  write_sum_and_count(value.sum, value.count);
}

void TextWriter::write(const SeriesHead& head, const SummaryValue& value) {
  begin_series(head);
  for (const QuantileValue& quantile : value.quantiles) {
    append_begin(plain_, label_text("quantile", float_text(quantile.quantile)));
    append_float(quantile.value);
    end_line();
  }
  write_sum_and_count(value.sum, value.count);
}

void TextWriter::write(const SeriesHead& head, const ExponentialValue& value) {
  begin_series(head);
  write_bucket(kInfinityLabel, value.count, nullptr);
  write_sum_and_count(value.sum, value.count);
}

void TextWriter::finish() {
  if (is_open_metrics_) output_.append("# EOF\n");
  output_.finish();
}

}  // namespace millrace::prometheus
