// The exposed data, independent of OTLP and of the formats: families and the values of their
// series. All texts and lists are views that the caller keeps alive during one call of a writer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::prometheus {

enum class FamilyType : uint8_t { kCounter, kGauge, kUntyped, kHistogram, kSummary };

// The series of one family must be written one after the other. A scraper sees a type conflict when
// two families have the same name.
struct Family {
  std::string_view name;  // as Namer::metric_name() made it, with _total
  std::string_view help;  // may be empty
  // OpenMetrics and protobuf only; empty: none. Left out unless the name ends with _<unit>, because
  // Prometheus refuses the whole page otherwise.
  std::string_view unit;
  FamilyType type = FamilyType::kUntyped;
};

// Whether the unit is written.
inline bool has_unit_suffix(const Family& family) {
  std::string_view rest = family.name;
  if (family.type == FamilyType::kCounter && rest.ends_with("_total")) rest.remove_suffix(6);
  return !family.unit.empty() && rest.size() > family.unit.size() + 1 &&
         rest.ends_with(family.unit) && rest[rest.size() - family.unit.size() - 1] == '_';
}

struct SeriesHead {
  std::string_view labels;  // text of a LabelBuilder; may be empty
  std::optional<int64_t> timestamp_ms;
  // When the count began (OTLP's start time); 0: unknown. Only in protobuf.
  uint64_t created_unix_nano = 0;
};

// Only in OpenMetrics and protobuf.
struct Exemplar {
  std::string_view labels;  // text of append_label(); at most 128 characters of names and values
  double value = 0;
  uint64_t time_unix_nano = 0;  // 0: unknown
};

// Counter, gauge and untyped.
struct NumberValue {
  double value = 0;
  const Exemplar* exemplar = nullptr;  // counters only; null: none
};

struct HistogramValue {
  std::span<const double> upper_bounds;  // ascending, distinct, finite
  // Of each bucket alone: one more than bounds, or empty when there are no bounds. The last one is
  // not read: the bucket +Inf is `count`.
  std::span<const uint64_t> bucket_counts;
  double sum = 0;
  uint64_t count = 0;
  std::span<const Exemplar> exemplars;  // any order; of those in one bucket the last is written
};

struct QuantileValue {
  double quantile = 0;
  double value = 0;
};
struct SummaryValue {
  std::span<const QuantileValue> quantiles;  // ascending, distinct
  double sum = 0;
  uint64_t count = 0;
};

// Buckets (base^(offset + i), base^(offset + i + 1)] with base 2^(2^-scale), as in OTLP.
struct ExponentialBuckets {
  int32_t offset = 0;
  std::span<const uint64_t> counts;
};
// The type of the family is kHistogram. Protobuf shows it as a native histogram; the texts show
// `le="+Inf"`, `_sum` and `_count` alone.
struct ExponentialValue {
  int32_t scale = 0;  // see native_histogram.h for what can be shown
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  uint64_t count = 0;
  double sum = 0;
  ExponentialBuckets positive;
  ExponentialBuckets negative;
};

}  // namespace millrace::prometheus
