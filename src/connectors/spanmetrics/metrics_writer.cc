#include "connectors/spanmetrics/metrics_writer.h"

#include <string>

#include "connectors/spanmetrics/dimensions.h"
#include "metric_streams/point_walk.h"
#include "wire/writer.h"

namespace millrace::connectors::spanmetrics {
namespace {

// Field numbers of ResourceMetrics, ScopeMetrics and Metric.
constexpr uint32_t kResource = 1;
constexpr uint32_t kScope = 1;
constexpr uint32_t kName = 1;
constexpr uint32_t kUnit = 3;
constexpr uint32_t kSum = 7;
constexpr uint32_t kHistogram = 9;
constexpr uint32_t kExponential = 10;
constexpr uint32_t kTemporality = 2;
constexpr uint32_t kIsMonotonic = 3;
constexpr std::string_view kScopeName = "spanmetricsconnector";

// How one of the metrics is written.
struct Form {
  std::string_view name;
  std::string_view unit;
  uint32_t data = kSum;
  uint32_t attributes = 7;  // fields of the data point
  uint32_t exemplars = 5;
};

Form form_of_durations(const Options& options) {
  const std::string_view unit = options.is_in_seconds ? "s" : "ms";
  if (options.is_exponential) return {"duration", unit, kExponential, 1, 11};
  return {"duration", unit, kHistogram, 9, 8};
}

bool is_emitted(const Options& options, const Series& series) {
  return !options.is_delta || series.count != 0;
}

// Whether a series is emitted as 0 this time, so that a back end sees it rise.
bool begins(const Options& options, metric_emission::Occasion occasion, const Series& series) {
  return series.is_new && !options.is_delta && occasion == metric_emission::Occasion::kInterval;
}

class ResourceWriter {
 public:
  ResourceWriter(const Options& options, metric_emission::Occasion occasion, uint64_t now,
                 ResourceSeries& resource, otlp::RopeWriter& out)
      : options_(options), occasion_(occasion), now_(now), resource_(resource), out_(out) {}

  uint32_t write() {
    if (!has_points()) return 0;
    const auto resource_metrics = out_.open(1, 4096);
    out_.write_len_prefix(kResource, resource_.attributes.size());
    out_.write(as_span(resource_.attributes));
    const auto scope_metrics = out_.open(otlp::kResourceScopes, 4096);
    const auto scope = out_.open(kScope, kScopeName.size());
    out_.write_len_prefix(kName, kScopeName.size());
    out_.write(as_span(kScopeName));
    out_.close(scope);
    write_metric({.name = "calls", .unit = ""}, Metric::kCalls);
    if (options_.has_histogram) {
      write_metric(form_of_durations(options_),
                   options_.counts_and_durations_agree() ? Metric::kCalls : Metric::kDurations);
    }
    if (options_.has_events) write_metric({.name = "events", .unit = ""}, Metric::kEvents);
    out_.close(scope_metrics);
    out_.close(resource_metrics);
    return count_;
  }

 private:
  bool has_points() const {
    for (const SeriesMap& map : resource_.metrics) {
      for (const auto& [identity, series] : map) {
        if (is_emitted(options_, series)) return true;
      }
    }
    return false;
  }

  void write_metric(const Form& form, Metric metric) {
    const SeriesMap& map = resource_.of(metric);
    if (map.empty()) return;
    const auto message = out_.open(otlp::kScopeItems, 256 * map.size());
    std::string name = options_.metric_namespace;
    if (!name.empty()) name += '.';
    name += form.name;
    out_.write_len_prefix(kName, name.size());
    out_.write(as_span(name));
    if (!form.unit.empty()) {
      out_.write_len_prefix(kUnit, form.unit.size());
      out_.write(as_span(form.unit));
    }
    const auto data = out_.open(form.data, 256 * map.size());
    for (const auto& [identity, series] : map) {
      if (is_emitted(options_, series)) write_point(form, series);
    }
    writer_.truncate(0);
    writer_.varint_field(kTemporality,
                         static_cast<uint64_t>(options_.is_delta ? metric_streams::kDelta
                                                                 : metric_streams::kCumulative));
    if (form.data == kSum) writer_.varint_field(kIsMonotonic, 1);
    out_.write(writer_.view());
    out_.close(data);
    out_.close(message);
  }

  void write_point(const Form& form, const Series& series) {
    ++count_;
    writer_.truncate(0);
    otlp::MessageReader attributes(as_span(series.attributes), Dimensions::kAttributes);
    for (otlp::MessageBytes attribute; attributes.next(&attribute);) {
      writer_.bytes_field(form.attributes, attribute);
    }
    writer_.fixed64_field(2, series.start);
    writer_.fixed64_field(3, now_);
    if (form.data == kSum) {
      const bool is_zero = begins(options_, occasion_, series);
      metric_streams::write_values(
          metric_streams::NumberValues{is_zero ? 0 : static_cast<int64_t>(series.count)}, writer_);
    } else {
      metric_streams::write_distribution(series.durations, options_.shape(), writer_);
    }
    for (const Exemplar& exemplar : series.exemplars) {
      const auto message = writer_.open(form.exemplars, 64);
      writer_.fixed64_field(2, now_);
      writer_.double_field(3, exemplar.value);
      writer_.bytes_field(4, exemplar.span_id);
      writer_.bytes_field(5, exemplar.trace_id);
      writer_.close(message);
    }
    out_.write_len_prefix(otlp::kDataPoints, writer_.size());
    out_.write(writer_.view());
  }

  const Options& options_;
  const metric_emission::Occasion occasion_;
  const uint64_t now_;
  ResourceSeries& resource_;
  otlp::RopeWriter& out_;
  wire::Writer writer_;
  uint32_t count_ = 0;
};

void begin_interval(const Options& options, metric_emission::Occasion occasion, uint64_t now,
                    ResourceSeries& resource) {
  for (size_t m = 0; m < kMetricCount; ++m) {
    const bool with_durations = has_durations(static_cast<Metric>(m), options);
    for (auto& [identity, series] : resource.metrics[m]) {
      series.owes_count = begins(options, occasion, series);
      series.is_new = false;
      series.exemplars.clear();
      if (!options.is_delta) continue;
      series.start = now;
      series.count = 0;
      if (with_durations) series.durations = metric_streams::make_distribution(options.shape());
    }
  }
}

}  // namespace

uint32_t write_metrics(const Options& options, metric_emission::Occasion occasion,
                       uint64_t now_unix_nano, ResourceSeries& resource, otlp::RopeWriter& out) {
  const uint32_t count = ResourceWriter(options, occasion, now_unix_nano, resource, out).write();
  if (!out.failed()) begin_interval(options, occasion, now_unix_nano, resource);
  return count;
}

}  // namespace millrace::connectors::spanmetrics
