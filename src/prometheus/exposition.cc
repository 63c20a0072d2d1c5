#include "prometheus/exposition.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

namespace millrace::prometheus {
namespace {

constexpr std::string_view kTextType = "text/plain";
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";
constexpr std::string_view kProtobufType = "application/vnd.google.protobuf";
constexpr std::string_view kProto = "io.prometheus.client.MetricFamily";
constexpr std::string_view kEncoding = "delimited";

struct Clause {
  std::string_view type;     // "text"
  std::string_view subtype;  // "plain"
  double q = 1;
  // Parameters that decide; empty: absent.
  std::string_view version;
  std::string_view proto;
  std::string_view encoding;
  std::string_view escaping;

  bool is(std::string_view media_type) const {
    return media_type.size() == type.size() + 1 + subtype.size() && media_type.starts_with(type) &&
           media_type[type.size()] == '/' && media_type.ends_with(subtype);
  }
};

std::string_view without_spaces_around(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Takes the text up to the separator off `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const size_t size = std::min(rest.find(separator), rest.size());
  const std::string_view part = without_spaces_around(rest.substr(0, size));
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return part;
}

// An unreadable weight counts as 0, as in Go's client.
double weight_of(std::string_view text) {
  double weight = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), weight);
  const bool is_whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_whole && weight >= 0 ? std::min(weight, 1.0) : 0;
}

std::optional<Clause> read_clause(std::string_view text) {
  Clause clause;
  std::string_view media_type = take_until(text, ';');
  clause.type = take_until(media_type, '/');
  clause.subtype = without_spaces_around(media_type);
  if (clause.type.empty() || clause.subtype.empty()) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = take_until(text, ';');
    const std::string_view name = take_until(value, '=');
    value = without_spaces_around(value);
    if (name == "q") clause.q = weight_of(value);
    if (name == "version") clause.version = value;
    if (name == "proto") clause.proto = value;
    if (name == "encoding") clause.encoding = value;
    if (name == "escaping") clause.escaping = value;
  }
  return clause;
}

// A range of types ("*/*", "text/*") names no format: the answer then is the fallback.
std::optional<Format> format_of(const Clause& clause, OpenMetrics open_metrics) {
  if (clause.is(kTextType)) {
    if (clause.version.empty() || clause.version == "0.0.4") return Format::kText004;
    if (clause.version == "1.0.0") return Format::kText100;
  }
  if (clause.is(kOpenMetricsType) && open_metrics == OpenMetrics::kOffered) {
    if (clause.version.empty() || clause.version == "0.0.1") return Format::kOpenMetrics001;
    if (clause.version == "1.0.0") return Format::kOpenMetrics100;
  }
  if (clause.is(kProtobufType) && clause.proto == kProto && clause.encoding == kEncoding) {
    return Format::kProtobuf;
  }
  return std::nullopt;
}

Escaping escaping_of(const Clause& clause) {
  for (const Escaping escaping : {Escaping::kAllowUtf8, Escaping::kDots, Escaping::kValues}) {
    if (clause.escaping == escaping_name(escaping)) return escaping;
  }
  return Escaping::kUnderscores;
}

}  // namespace

Exposition negotiate(std::string_view accept, OpenMetrics open_metrics) {
  Exposition best;
  double best_q = 0;
  while (!accept.empty()) {
    const std::optional<Clause> clause = read_clause(take_until(accept, ','));
    if (!clause || clause->q <= best_q) continue;
    const std::optional<Format> format = format_of(*clause, open_metrics);
    if (!format) continue;
    best = {*format, escaping_of(*clause)};
    best_q = clause->q;
  }
  return best;
}

std::string content_type(const Exposition& exposition) {
  std::string text;
  switch (exposition.format) {
    case Format::kText004:
      text.append(kTextType).append("; version=0.0.4; charset=utf-8");
      break;
    case Format::kText100:
      text.append(kTextType).append("; version=1.0.0; charset=utf-8");
      break;
    case Format::kOpenMetrics001:
      text.append(kOpenMetricsType).append("; version=0.0.1; charset=utf-8");
      break;
    case Format::kOpenMetrics100:
      text.append(kOpenMetricsType).append("; version=1.0.0; charset=utf-8");
      break;
    case Format::kProtobuf:
      text.append(kProtobufType).append("; proto=").append(kProto);
      text.append("; encoding=").append(kEncoding);
      break;
  }
  return text.append("; escaping=").append(escaping_name(exposition.escaping));
}

}  // namespace millrace::prometheus
