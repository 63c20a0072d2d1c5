#include "receivers/prometheus/line_cursor.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "wire/utf8.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kShownBytesMax = 80;

bool is_name_byte(char c, bool is_first, bool may_be_colon) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (!is_first && c >= '0' && c <= '9') || (may_be_colon && c == ':');
}

std::string_view take_name(std::string_view line, size_t* at, bool may_have_colons) {
  const size_t begin = *at;
  while (*at < line.size() && is_name_byte(line[*at], *at == begin, may_have_colons)) ++*at;
  return line.substr(begin, *at - begin);
}

// `text` with each escape replaced; `also_quotes`: \" is one.
std::string unescaped(std::string_view text, bool also_quotes) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 'n') {
      plain += '\n';
    } else if (next == '\\' || (next == '"' && also_quotes)) {
      plain += next;
    } else {
      plain += text[i];
      continue;
    }
    ++i;
  }
  return plain;
}

}  // namespace

bool LineCursor::take(char c) {
  if (peek() != c || at_end()) return false;
  ++at_;
  return true;
}

bool LineCursor::take(std::string_view text) {
  if (!rest().starts_with(text)) return false;
  at_ += text.size();
  return true;
}

void LineCursor::skip_blanks() {
  if (blanks_ == Blanks::kRefused) return;
  while (peek() == ' ' || peek() == '\t') ++at_;
}

std::string_view LineCursor::take_metric_name() { return take_name(line_, &at_, true); }
std::string_view LineCursor::take_label_name() { return take_name(line_, &at_, false); }

std::optional<std::string_view> LineCursor::take_quoted() {
  if (!take('"')) return std::nullopt;
  const size_t begin = at_;
  for (; !at_end(); ++at_) {
    if (line_[at_] == '"') return line_.substr(begin, at_++ - begin);
    if (line_[at_] == '\\') ++at_;
    if (at_end()) break;
  }
  at_ = line_.size();
  return std::nullopt;
}

std::string_view LineCursor::take_word(char also) {
  const size_t begin = at_;
  while (!at_end() && line_[at_] != ' ' && (blanks_ == Blanks::kRefused || line_[at_] != '\t') &&
         (also == '\0' || line_[at_] != also)) {
    ++at_;
  }
  return line_.substr(begin, at_ - begin);
}

std::unexpected<Error> LineCursor::wrong(std::string_view what) const {
  std::string shown = wire::to_utf8(line_.substr(0, kShownBytesMax));
  if (line_.size() > kShownBytesMax) shown += "…";
  return fail(Code::kInvalidArgument, std::string(what) + " at byte " + std::to_string(at_) +
                                          " of the line \"" + shown + "\"");
}

std::string_view unescape(std::string_view quoted, LabelSet& labels) {
  return quoted.contains('\\') ? labels.keep(unescaped(quoted, true)) : quoted;
}

std::string unescape_help(std::string_view help, bool also_quotes) {
  return help.contains('\\') ? unescaped(help, also_quotes) : std::string(help);
}

Status read_labels(LineCursor& line, bool name_is_set, Sample& sample) {
  line.skip_blanks();
  while (!line.take('}')) {
    const bool is_quoted = line.peek() == '"';
    std::string_view name;
    if (is_quoted) {
      const auto quoted = line.take_quoted();
      if (!quoted) return line.wrong("a quoted name without an end");
      name = unescape(*quoted, sample.labels);
    } else {
      name = line.take_label_name();
    }
    if (name.empty()) return line.wrong("expected the name of a label");
    if (is_quoted && !wire::is_utf8(name)) return line.wrong("a name that is not UTF-8");
    line.skip_blanks();
    if (is_quoted && (line.peek() == ',' || line.peek() == '}')) {
      if (name_is_set) return line.wrong("a second name of the metric");
      name_is_set = true;
      sample.labels.add(kMetricName, name);
    } else {
      if (!line.take('=')) return line.wrong("expected '=' behind the name of a label");
      line.skip_blanks();
      const auto quoted = line.take_quoted();
      if (!quoted) return line.wrong("expected the value of a label in quotes");
      if (!wire::is_utf8(*quoted)) return line.wrong("the value of a label is not UTF-8");
      if (sample.labels.size() >= kLabelsMax) return line.wrong("more than 1000 labels");
      sample.labels.add(name, unescape(*quoted, sample.labels));
    }
    line.skip_blanks();
    if (line.take(',')) {
      line.skip_blanks();
    } else if (line.peek() != '}' && !line.allows_blanks()) {
      return line.wrong("expected ',' or '}' behind a label");
    }
    if (line.at_end()) return line.wrong("labels without a closing '}'");
  }
  if (!name_is_set) return line.wrong("a sample without the name of its metric");
  return {};
}

Status read_series(LineCursor& line, Sample& sample) {
  const std::string_view name = line.take_metric_name();
  if (name.empty() && line.peek() != '{') return line.wrong("expected the name of a metric");
  if (!name.empty()) sample.labels.add(kMetricName, name);
  line.skip_blanks();
  if (line.take('{')) return read_labels(line, !name.empty(), sample);
  return {};
}

std::optional<double> parse_value(std::string_view text) {
  const bool has_plus = text.starts_with('+');
  if (has_plus) text.remove_prefix(1);
  if (text.empty() || text.contains('(') || (has_plus && text.front() == '-')) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ptr != text.data() + text.size()) return std::nullopt;
  if (read.ec == std::errc::result_out_of_range) {
    // Too small is zero, or nearly; too large is an error.
    value = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(value)) return std::nullopt;
  } else if (read.ec != std::errc()) {
    return std::nullopt;
  }
  if (std::isnan(value)) {
    if (has_plus || text.front() == '-') return std::nullopt;
    return std::numeric_limits<double>::quiet_NaN();
  }
  return value;
}

std::string bound_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general);
  std::string made(text.data(), end.ptr);
  if (made.find_first_of("e.") == std::string::npos) made += ".0";
  return made;
}

void normalize_bound(MetricType type, LabelSet& labels) {
  const std::string_view name = type == MetricType::kSummary     ? "quantile"
                                : type == MetricType::kHistogram ? "le"
                                                                 : "";
  if (name.empty()) return;
  const std::string_view text = labels.get(name);
  if (text.empty() || text == "+Inf") return;
  if (const auto value = parse_value(text)) labels.set(name, labels.keep(bound_text(*value)));
}

}  // namespace millrace::receivers::prometheus
