// From a request of OTLP metrics to the series of one remote-write request.
//
// Source: otelcol's translator (pkg/translator/prometheusremotewrite), and the differences that
// tests/golden/remote_write lists. One thread; translate() may be suspended by its pace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/pace.h"
#include "exporters/prometheus_remote_write/write_table.h"
#include "prometheus/names.h"
#include "prometheus/native_histogram.h"
#include "prometheus_series/points.h"
#include "prometheus_series/refused_points.h"
#include "prometheus_series/series_labels.h"

namespace millrace::exporters {

struct TranslatorOptions {
  LabelOptions labels;  // const_labels: external_labels
  bool target_info = true;
  // Of the request before it is compressed; a point that alone is larger is refused.
  size_t bytes_max = 3'000'000;
};

class Translator {
 public:
  // All outlive this. For one request.
  Translator(const prometheus::Namer& namer, const TranslatorOptions& options,
             const KeyHasher& hasher, WriteTable& table)
      : namer_(namer),
        options_(options),
        hasher_(hasher),
        table_(table),
        labels_(namer, options.labels) {}

  enum class End : uint8_t {
    kComplete,
    kFull,  // the request would be larger than bytes_max; it has more than one point
    kNoMemory,
  };
  End translate(const Rope& request, Pace& pace);

  const RefusedPoints& refused() const { return refused_; }
  uint64_t point_count() const { return point_count_; }  // written
  // Written with a count that was made the sum of the buckets.
  uint64_t repaired_count() const { return repaired_count_; }

 private:
  struct Metric;
  struct Point;

  void take_resource(const otlp::ResourceView& resource, Pace& pace);
  void take_metric(const SeriesLabels::Around& around, bool is_too_large,
                   const otlp::MetricView& view, Pace& pace);
  std::optional<Refusal> check(const otlp::MetricView& view) const;
  std::optional<Refusal> take_point(const SeriesLabels::Around& around, const Metric& metric,
                                    otlp::MessageBytes bytes);
  std::optional<Refusal> take_number(const Point& point);
  std::optional<Refusal> take_histogram(const Point& point);
  std::optional<Refusal> take_exponential(const Point& point);
  std::optional<Refusal> take_summary(const Point& point);
  // Whether so many more series of that point, and bytes, may be added; sets is_full_.
  std::optional<Refusal> make_room(const Point& point, size_t series_count, size_t more_bytes);
  uint32_t series_of(const Point& point, std::string_view suffix = {},
                     std::string_view extra_name = {}, std::string_view extra_value = {});
  void add_exemplars(const Point& point, uint32_t series);
  void add_bucket_exemplars(const Point& point, const HistogramState& histogram,
                            std::span<const uint32_t> buckets);
  void show_target(const ResourceLabels& resource);
  bool has_ended() const { return is_full_ || table_.failed(); }

  const prometheus::Namer& namer_;
  const TranslatorOptions& options_;
  const KeyHasher& hasher_;
  WriteTable& table_;
  SeriesLabels labels_;
  prometheus::NativeHistogram native_;
  RefusedPoints refused_;
  uint64_t point_count_ = 0;
  uint64_t repaired_count_ = 0;
  uint64_t newest_time_ = 0;  // of the written points of a resource
  bool is_full_ = false;
};

// A number in plain decimal digits, as many as tell it from others ("0.005", "1000000", "+Inf").
std::string plain_decimal(double value);

}  // namespace millrace::exporters
