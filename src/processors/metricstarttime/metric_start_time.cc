#include "processors/metricstarttime/metric_start_time.h"

#include <cmath>
#include <optional>
#include <utility>

#include "metric_streams/stream_processor.h"
#include "metric_streams/stream_table.h"

namespace millrace::processors::metricstarttime {
namespace {

using metric_streams::HistogramValues;
using metric_streams::PointFate;
using metric_streams::PointValues;
using metric_streams::WalkedPoint;
using otlp::MetricType;

constexpr uint32_t kNoRecordedValue = 1;  // DataPointFlags
// Streams take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;
constexpr std::string_view kStartMetric = "process_start_time_seconds";
constexpr uint64_t kSecondNano = 1'000'000'000;
// Fields of all data points, and of SummaryDataPoint.
constexpr uint32_t kStart = 2;
constexpr uint32_t kCount = 4;
constexpr uint32_t kSum = 5;

}  // namespace

class Streams {
 public:
  Streams(const Options& options, const Parts& parts)
      : table(parts.budget, {.streams_max = SIZE_MAX,
                             .bytes_max = parts.budget.limit() / kShareOfBudget,
                             .max_stale = options.gc_interval}),
        seed{parts.loop.random().next(), parts.loop.random().next()},
        // In whole seconds, as otelcol has it.
        made_at(static_cast<uint64_t>(parts.wall_clock().time_since_epoch().count()) / kSecondNano *
                kSecondNano) {}

  metric_streams::StreamTable<StreamState> table;
  const item_identity::Identity seed;
  const uint64_t made_at;
};

namespace {

// Seconds as a time; nothing where there is none.
std::optional<uint64_t> time_of_seconds(double seconds) {
  if (!(seconds >= 0) || seconds >= 1.8e10) return std::nullopt;
  const double whole = std::floor(seconds);
  return static_cast<uint64_t>(whole) * kSecondNano +
         static_cast<uint64_t>((seconds - whole) * 1e9);
}

class StartMetric {
 public:
  explicit StartMetric(const Options& options) : options_(options) {}

  // The value of the first metric of that name; nothing: there is none, or it has no number.
  std::optional<uint64_t> find(const Rope& request, Pace& pace) const {
    const otlp::ReadBounds bounds{.pace = &pace};
    otlp::ResourceReader resources(request);
    for (otlp::ResourceView resource; resources.next(&resource);) {
      otlp::ScopeReader scopes(resource, bounds);
      for (otlp::ScopeView scope; scopes.next(&scope);) {
        otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems, &pace);
        for (otlp::MessageBytes bytes; metrics.next(&bytes);) {
          const auto offset = static_cast<size_t>(bytes.data() - scope.bytes.data());
          const auto metric =
              otlp::MetricView::read(scope.bytes.slice(offset, bytes.size()), bounds);
          if (matches(metric.name)) return value_of(metric);
        }
      }
    }
    return std::nullopt;
  }

 private:
  bool matches(std::string_view name) const {
    if (options_.start_metric == nullptr) return name == kStartMetric;
    return item_match::finds(*options_.start_metric, name);
  }
  static std::optional<uint64_t> value_of(const otlp::MetricView& metric) {
    if (metric.type != MetricType::kGauge && metric.type != MetricType::kSum) return std::nullopt;
    otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
    otlp::MessageBytes point;
    if (!points.next(&point)) return std::nullopt;
    const auto view = otlp::DataPointView::read(metric.type, point);
    return time_of_seconds(view.as_double.value_or(static_cast<double>(view.as_int.value_or(0))));
  }

  const Options& options_;
};

PointValues values_of_point(MetricType type, const otlp::DataPointView& view) {
  if (type != MetricType::kSummary) return metric_streams::values_of(type, view);
  return HistogramValues{.count = view.count, .sum = view.sum};
}

// The received point without the fields that are written anew.
template <class IsLeftOut>
void copy_fields(otlp::MessageBytes received, const IsLeftOut& is_left_out, wire::Writer& into) {
  wire::FieldReader fields(received);
  for (wire::Field field; fields.next(&field);) {
    if (!is_left_out(field.number)) into.raw(field.whole);
  }
}

void write_start(otlp::MessageBytes received, uint64_t start, wire::Writer& into) {
  copy_fields(received, [](uint32_t number) { return number == kStart; }, into);
  if (start != 0) into.fixed64_field(kStart, start);
}

void write_summary(otlp::MessageBytes received, uint64_t start, const HistogramValues& values,
                   wire::Writer& into) {
  copy_fields(
      received,
      [](uint32_t number) { return number == kStart || number == kCount || number == kSum; }, into);
  into.fixed64_field(kStart, start);
  into.fixed64_field(kCount, values.count);
  into.double_field(kSum, values.sum.value_or(0));
}

// The points of one request.
class Conversion final : public metric_streams::PointEditor {
 public:
  Conversion(Strategy strategy, Streams& streams, uint64_t first_start, MonotonicTime now)
      : strategy_(strategy), streams_(streams), first_start_(first_start), now_(now) {}

  bool wants(const otlp::MetricView& metric) override {
    switch (metric.type) {
      case MetricType::kSum:
      case MetricType::kHistogram:
      case MetricType::kExponentialHistogram:
        return metric.aggregation_temporality == metric_streams::kCumulative;
      default:
        return metric.type == MetricType::kSummary;
    }
  }
  std::optional<int32_t> new_temporality() const override { return std::nullopt; }

  PointFate visit(const WalkedPoint& point, wire::Writer& replacement) override {
    const auto view = otlp::DataPointView::read(point.type, point.bytes);
    if (view.start_time_unix_nano != 0 && view.start_time_unix_nano != view.time_unix_nano) {
      return PointFate::kKeep;
    }
    Point own{.time = view.time_unix_nano,
              .has_no_value = (view.flags & kNoRecordedValue) != 0,
              .values = values_of_point(point.type, view)};
    item_identity::Identity stream = point.stream;
    stream.append(view.as_double ? 1 : 0);  // integers and doubles are two streams
    Start start;
    const bool has_room = streams_.table.use(
        stream, now_, growth_of(own.values), [&](StreamState& state, bool is_new) {
          start = start_of(strategy_, first_start_, is_new, own, state);
        });
    if (!has_room) {
      has_reached_limit_ = true;
      return PointFate::kKeep;
    }
    if (start.is_removed) return PointFate::kRemove;
    if (!start.has_new_values) {
      write_start(point.bytes, start.start, replacement);
    } else if (point.type == MetricType::kSummary) {
      write_summary(point.bytes, start.start, std::get<HistogramValues>(own.values), replacement);
    } else {
      write_point(point.bytes, start.start, own.values, replacement);
    }
    return PointFate::kReplace;
  }

  bool has_reached_limit() const { return has_reached_limit_; }

 private:
  const Strategy strategy_;
  Streams& streams_;
  const uint64_t first_start_;
  const MonotonicTime now_;
  bool has_reached_limit_ = false;
};

class MetricStartTimeProcessor final : public metric_streams::StreamProcessor<Streams> {
 public:
  MetricStartTimeProcessor(const Options& options, std::shared_ptr<Streams> streams,
                           const Parts& parts)
      : StreamProcessor(std::move(streams), parts.name, parts.loop, parts.log), options_(options) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    uint64_t first_start = 0;
    if (options_.strategy == Strategy::kStartTimeMetric) {
      first_start =
          StartMetric(options_).find(payload.bytes, work.pace).value_or(streams().made_at);
    }
    Conversion conversion(options_.strategy, streams(), first_start, now());
    return convert(payload, conversion, work, "points of new ones pass unchanged");
  }

 private:
  const Options options_;
};

}  // namespace

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts) {
  return std::make_shared<Streams>(options, parts);
}

std::unique_ptr<pipeline::Processor> make_metric_start_time_processor(
    const Options& options, std::shared_ptr<Streams> streams, const Parts& parts) {
  return std::make_unique<MetricStartTimeProcessor>(options, std::move(streams), parts);
}

}  // namespace millrace::processors::metricstarttime
