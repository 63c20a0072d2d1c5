// Names of Prometheus metrics and labels for OTLP metrics and attributes.
//
// Source: OpenTelemetry's "Prometheus and OpenMetrics Compatibility" and the four strategies of
// github.com/prometheus/otlptranslator, which the golden file of tests/differential records.
//
// Namer is immutable: any thread. Cost: each call allocates its result; a caller keeps the name of
// a metric and translates labels only for a new series.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::prometheus {

enum class Strategy : uint8_t {
  kUnderscoreEscapingWithSuffixes,     // http.server.duration [s] -> http_server_duration_seconds
  kUnderscoreEscapingWithoutSuffixes,  // http.server.duration [s] -> http_server_duration
  kNoUtf8EscapingWithSuffixes,         // http.server.duration [s] -> http.server.duration_seconds
  kNoTranslation,                      // the name as it is
};
// The strategy with that name in otelcol's configuration ("NoTranslation").
std::optional<Strategy> strategy_named(std::string_view name);
// All names that strategy_named() knows, for messages of errors.
std::vector<std::string_view> strategy_names();

// The suffix of a name depends on it.
enum class MetricKind : uint8_t {
  kMonotonicSum,  // _total
  kNonMonotonicSum,
  kGauge,  // _ratio for the unit 1
  kHistogram,
  kExponentialHistogram,
  kSummary,
};

// What becomes of several underscores in a row in the name of a label, and of characters that
// become underscores.
enum class Underscores : uint8_t {
  kCollapsed,  // a..b -> a_b; as the specification has it
  kKept,       // a..b -> a__b; as otelcol's remote write has it
};

class Namer {
 public:
  // The namespace is put before each metric's name; with an escaping strategy its characters are
  // escaped, which upstream forgets where suffixes are added. Empty: none.
  explicit Namer(Strategy strategy, std::string_view metric_namespace = {},
                 Underscores underscores = Underscores::kCollapsed);

  // The name of a family: with the default strategy [a-zA-Z_:][a-zA-Z0-9_:]*, otherwise any text.
  //   kInvalidArgument  nothing but underscores would remain
  Result<std::string> metric_name(std::string_view name, std::string_view unit,
                                  MetricKind kind) const;
  // The unit in the metadata of a family, as its suffix is, without underscores around it; empty:
  // none. "By/s" -> "bytes_per_second".
  std::string unit_name(std::string_view unit) const;
  // The name of the family of resource attributes: target_info behind the namespace.
  std::string target_info_name() const;
  // The name of the label for an attribute; appends it to `into`. False, and `into` unchanged: the
  // key is empty, only underscores would remain, or the label would begin with two underscores,
  // which Prometheus keeps for itself (`__name__` would rename the metric). Where underscores are
  // kept, of the last only `__name__` itself is refused.
  bool append_label_name(std::string& into, std::string_view key) const;

  // Names may hold characters outside [a-zA-Z0-9_:]. The formats then quote them, or escape them
  // when the scraper does not accept UTF-8.
  bool keeps_utf8() const { return !escapes_; }

 private:
  std::string escaped_name_with_suffixes(std::string_view name, std::string_view unit,
                                         MetricKind kind) const;
  std::string escaped_name(std::string_view name) const;
  std::string utf8_name(std::string_view name, std::string_view unit, MetricKind kind) const;

  const bool escapes_;
  const bool adds_suffixes_;
  const Underscores underscores_;
  std::string namespace_;  // escaped as the strategy demands
};

// The value of the label `job`: "namespace/name", or the name. Empty: there is no job.
std::string job_label(std::string_view service_namespace, std::string_view service_name);

}  // namespace millrace::prometheus
