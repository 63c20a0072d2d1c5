#include "receivers/own_telemetry/otlp_metrics.h"

#include <bit>

#include "receivers/own_telemetry/own_request.h"
#include "wire/writer.h"

namespace millrace::receivers::own_telemetry {
namespace {

using metrics::MetricType;
using metrics::MetricValue;
using metrics::SeriesValue;
using wire::Writer;

constexpr uint64_t kCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE
constexpr size_t kMessageBytes = 200;

uint64_t nanoseconds(WallTime time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

class Encoder {
 public:
  Encoder(WallTime start, WallTime now) : start_(nanoseconds(start)), now_(nanoseconds(now)) {}

  void write_metric(const MetricValue& metric) {
    const auto message = writer_.open(2, kMessageBytes);
    writer_.string_field(1, metric.name);
    writer_.string_field(2, metric.help);
    constexpr uint32_t kGauge = 5;
    constexpr uint32_t kSum = 7;
    constexpr uint32_t kHistogram = 9;
    const uint32_t kind = metric.type == MetricType::kGauge     ? kGauge
                          : metric.type == MetricType::kCounter ? kSum
                                                                : kHistogram;
    const auto data = writer_.open(kind, kMessageBytes);
    for (const SeriesValue& series : metric.series) {
      const auto point = writer_.open(1, kMessageBytes / 2);
      if (kind == kHistogram) {
        write_histogram_point(series);
      } else {
        write_number_point(series);
      }
      writer_.close(point);
      ++point_count_;
    }
    if (kind != kGauge) writer_.varint_field(2, kCumulative);
    if (kind == kSum) writer_.varint_field(3, 1);  // is_monotonic
    writer_.close(data);
    writer_.close(message);
  }

  Writer& writer() { return writer_; }
  uint32_t point_count() const { return point_count_; }

 private:
  void write_number_point(const SeriesValue& series) {
    write_times();
    if (series.is_integer) {
      writer_.fixed64_field(6, static_cast<uint64_t>(series.value));
    } else {
      writer_.double_field(4, series.value);
    }
    write_attributes(writer_, 7, series.labels);
  }

  void write_histogram_point(const SeriesValue& series) {
    write_times();
    uint64_t count = 0;
    for (const uint64_t in_bucket : series.bucket_counts) count += in_bucket;
    writer_.fixed64_field(4, count);
    writer_.double_field(5, series.sum);
    const auto counts = writer_.open(6, series.bucket_counts.size() * sizeof(uint64_t));
    for (const uint64_t in_bucket : series.bucket_counts) writer_.raw_fixed64(in_bucket);
    writer_.close(counts);
    const auto bounds = writer_.open(7, series.upper_bounds.size() * sizeof(uint64_t));
    for (const double bound : series.upper_bounds) {
      writer_.raw_fixed64(std::bit_cast<uint64_t>(bound));
    }
    writer_.close(bounds);
    write_attributes(writer_, 9, series.labels);
  }

  void write_times() {
    writer_.fixed64_field(2, start_);
    writer_.fixed64_field(3, now_);
  }

  Writer writer_{16384};
  const uint64_t start_;
  const uint64_t now_;
  uint32_t point_count_ = 0;
};

}  // namespace

Encoded encode(const std::vector<MetricValue>& metrics, const metrics::Labels& resource,
               WallTime start, WallTime now) {
  Encoder encoder(start, now);
  Writer& writer = encoder.writer();
  const auto resource_metrics = writer.open(1, 1 << 14);
  const auto resource_message = writer.open(1, kMessageBytes);
  write_attributes(writer, 1, resource);
  writer.close(resource_message);
  const auto scope_metrics = writer.open(2, 1 << 14);
  const auto scope = writer.open(1);
  writer.string_field(1, kScope);
  writer.close(scope);
  for (const MetricValue& metric : metrics) {
    if (metric.name != "target_info") encoder.write_metric(metric);
  }
  writer.close(scope_metrics);
  writer.close(resource_metrics);
  return {writer.finish(), encoder.point_count()};
}

}  // namespace millrace::receivers::own_telemetry
