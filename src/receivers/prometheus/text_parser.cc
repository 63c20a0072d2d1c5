#include "receivers/prometheus/text_parser.h"

#include <charconv>

#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

std::optional<MetricType> type_of(std::string_view word) {
  if (word == "counter") return MetricType::kCounter;
  if (word == "gauge") return MetricType::kGauge;
  if (word == "histogram") return MetricType::kHistogram;
  if (word == "summary") return MetricType::kSummary;
  if (word == "untyped") return MetricType::kUnknown;
  return std::nullopt;
}

}  // namespace

Status TextParser::feed(std::string_view piece) {
  return lines_.feed(piece, [this](std::string_view line) { return read_line(line); });
}

Status TextParser::finish() { return read_line(lines_.rest()); }

Status TextParser::read_line(std::string_view text) {
  LineCursor line(text, Blanks::kAllowed);
  line.skip_blanks();
  if (line.at_end()) return {};
  if (line.take('#')) return read_comment(line);
  return read_sample(line);
}

// Behind '#'. All but HELP and TYPE is for people.
Status TextParser::read_comment(LineCursor& line) {
  if (line.peek() != ' ' && line.peek() != '\t') return {};
  line.skip_blanks();
  const bool is_help = line.take("HELP ") || line.take("HELP\t");
  if (!is_help && !line.take("TYPE ") && !line.take("TYPE\t")) return {};
  line.skip_blanks();
  std::string_view name;
  if (line.peek() == '"') {
    const auto quoted = line.take_quoted();
    if (!quoted) return line.wrong("a quoted name without an end");
    name = *quoted;
  } else {
    name = line.take_metric_name();
    if (name.empty()) return line.wrong("expected the name of a metric");
  }
  std::string_view text = line.rest();
  if (!text.empty()) text.remove_prefix(1);
  if (is_help) {
    if (!wire::is_utf8(text)) return line.wrong("a help text that is not UTF-8");
    sink_.on_help(name, unescape_help(text, false));
    return {};
  }
  const auto type = type_of(text);
  if (!type) return line.wrong("expected counter, gauge, histogram, summary or untyped");
  type_ = *type;
  sink_.on_type(name, type_);
  return {};
}

Status TextParser::read_sample(LineCursor& line) {
  sample_.clear();
  if (Status read = read_series(line, sample_); !read) return read;
  line.skip_blanks();
  sample_.value_text = line.take_word('{');
  const auto value = parse_value(sample_.value_text);
  if (!value) return line.wrong("expected a value");
  sample_.value = *value;
  line.skip_blanks();
  if (!line.at_end()) {
    const std::string_view word = line.take_word();
    int64_t timestamp_ms = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), timestamp_ms);
    if (word.starts_with('-') || read.ec != std::errc() || read.ptr != word.data() + word.size()) {
      return line.wrong("expected a time in milliseconds");
    }
    sample_.timestamp_ms = timestamp_ms;
    line.skip_blanks();
    if (!line.at_end()) return line.wrong("expected the end of the line");
  }
  normalize_bound(type_, sample_.labels);
  return sink_.on_sample(sample_);
}

}  // namespace millrace::receivers::prometheus
