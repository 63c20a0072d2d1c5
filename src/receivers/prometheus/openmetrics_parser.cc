#include "receivers/prometheus/openmetrics_parser.h"

#include <cmath>

#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

std::optional<MetricType> type_of(std::string_view word) {
  for (int i = 0; i <= static_cast<int>(MetricType::kStateSet); ++i) {
    const auto type = static_cast<MetricType>(i);
    if (word == metric_type_name(type)) return type;
  }
  return std::nullopt;
}

// Seconds as whole milliseconds; nothing for what is no time.
std::optional<int64_t> milliseconds_of(std::string_view word) {
  const auto seconds = parse_value(word);
  constexpr double kSecondsMax = 9e15;
  if (!seconds || !(std::abs(*seconds) < kSecondsMax)) return std::nullopt;
  return static_cast<int64_t>(*seconds * 1000);
}

bool ends_with_unit(std::string_view name, std::string_view unit) {
  return unit.empty() || (name.size() > unit.size() && name.ends_with(unit) &&
                          name[name.size() - unit.size() - 1] == '_');
}

}  // namespace

Status OpenMetricsParser::feed(std::string_view piece) {
  if (has_ended_ && !piece.empty()) {
    return fail(Code::kInvalidArgument, "data behind \"# EOF\"");
  }
  return lines_.feed(piece, [this](std::string_view line) { return read_line(line); });
}

Status OpenMetricsParser::finish() {
  if (!lines_.rest().empty()) {
    if (Status read = read_line(lines_.rest()); !read) return read;
  }
  if (!has_ended_) return fail(Code::kInvalidArgument, "the data does not end with \"# EOF\"");
  return {};
}

Status OpenMetricsParser::read_line(std::string_view text) {
  if (has_ended_) return fail(Code::kInvalidArgument, "data behind \"# EOF\"");
  LineCursor line(text, Blanks::kRefused);
  if (text == "# EOF") {
    has_ended_ = true;
    return {};
  }
  return line.take("# ") ? read_metadata(line) : read_sample(line);
}

Status OpenMetricsParser::read_metadata(LineCursor& line) {
  const bool is_help = line.take("HELP ");
  const bool is_type = !is_help && line.take("TYPE ");
  if (!is_help && !is_type && !line.take("UNIT ")) {
    return line.wrong("expected HELP, TYPE, UNIT or EOF");
  }
  std::string_view name;
  if (line.peek() == '"') {
    const auto quoted = line.take_quoted();
    if (!quoted) return line.wrong("a quoted name without an end");
    name = *quoted;
  } else {
    name = line.take_metric_name();
    if (name.empty()) return line.wrong("expected the name of a metric");
  }
  if (!line.take(' ')) return line.wrong("expected a blank behind the name");
  const std::string_view text = line.rest();
  if (is_help) {
    if (!wire::is_utf8(text)) return line.wrong("a help text that is not UTF-8");
    sink_.on_help(name, unescape_help(text, true));
  } else if (is_type) {
    const auto type = type_of(text);
    if (!type) return line.wrong("an unknown type of metric");
    type_ = *type;
    sink_.on_type(name, type_);
  } else {
    if (!ends_with_unit(name, text)) return line.wrong("the name does not end with the unit");
    if (!wire::is_utf8(text)) return line.wrong("a unit that is not UTF-8");
    sink_.on_unit(name, text);
  }
  return {};
}

Status OpenMetricsParser::read_sample(LineCursor& line) {
  sample_.clear();
  exemplar_.clear();
  if (Status read = read_series(line, sample_); !read) return read;
  if (!line.take(' ')) return line.wrong("expected a blank and a value");
  sample_.value_text = line.take_word();
  const auto value = parse_value(sample_.value_text);
  if (!value) return line.wrong("expected a value");
  sample_.value = *value;
  if (!line.at_end() && !line.rest().starts_with(" # {")) {
    line.take(' ');
    sample_.timestamp_ms = milliseconds_of(line.take_word());
    if (!sample_.timestamp_ms) return line.wrong("expected a time in seconds");
  }
  if (!line.at_end()) {
    if (Status read = read_exemplar(line); !read) return read;
  }
  normalize_bound(type_, sample_.labels);
  return sink_.on_sample(sample_);
}

Status OpenMetricsParser::read_exemplar(LineCursor& line) {
  if (!line.take(" # {")) return line.wrong("expected an exemplar or the end of the line");
  if (Status read = read_labels(line, true, exemplar_); !read) return read;
  if (!line.take(' ')) return line.wrong("expected a blank and the value of the exemplar");
  const auto value = parse_value(line.take_word());
  if (!value) return line.wrong("expected the value of the exemplar");
  Exemplar& exemplar = sample_.exemplars.emplace_back();
  exemplar.labels = exemplar_.labels.all();
  exemplar.value = *value;
  if (line.at_end()) return {};
  line.take(' ');
  exemplar.timestamp_ms = milliseconds_of(line.take_word());
  if (!exemplar.timestamp_ms) return line.wrong("expected the time of the exemplar");
  if (!line.at_end()) return line.wrong("expected the end of the line");
  return {};
}

}  // namespace millrace::receivers::prometheus
