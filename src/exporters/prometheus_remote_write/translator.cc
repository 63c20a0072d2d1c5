#include "exporters/prometheus_remote_write/translator.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "exporters/prometheus_remote_write/exemplars.h"
#include "prometheus_series/metric_kind.h"

namespace millrace::exporters {
namespace {

using otlp::DataPointView;
using otlp::MessageBytes;
using otlp::MessageReader;
using otlp::MetricType;
using otlp::MetricView;
using prometheus::MetricKind;
using Stands = WriteTable::Stands;

constexpr size_t kPointUnits = 500;  // of a pace
constexpr size_t kSeriesUnits = 200;
constexpr uint64_t kNanosOfMilli = 1'000'000;
constexpr uint64_t kTimeMax = std::numeric_limits<int64_t>::max();
constexpr std::string_view kTargetHelp = "Target metadata";
constexpr std::string_view kTypeKey = "prometheus.type";
// The value of a series that has ended, among all NaNs.
constexpr double kStaleNan = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

// The most bytes of a series beside its labels and name, and of a bucket of a native histogram.
constexpr size_t kSeriesBytes = 128;
constexpr size_t kBucketBytes = 24;

int64_t to_ms(uint64_t unix_nano) {
  return unix_nano > kTimeMax ? 0 : static_cast<int64_t>(unix_nano / kNanosOfMilli);
}

WrittenType type_of(const MetricView& view) {
  const auto says = [&](std::string_view type) {
    const auto found = otlp::find_attribute(view.bytes.view(), otlp::kMetricMetadata, kTypeKey);
    return found && found->text == type;
  };
  switch (kind_of(view)) {
    case MetricKind::kMonotonicSum:
      return WrittenType::kCounter;
    case MetricKind::kNonMonotonicSum:
      if (says("info")) return WrittenType::kInfo;
      return says("stateset") ? WrittenType::kStateset : WrittenType::kGauge;
    case MetricKind::kGauge:
      return is_untyped(view) ? WrittenType::kUnknown : WrittenType::kGauge;
    case MetricKind::kSummary:
      return WrittenType::kSummary;
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      break;
  }
  return WrittenType::kHistogram;
}

}  // namespace

struct Translator::Metric {
  const MetricView& view;
  MetricKind kind;
  std::string name;
  uint32_t family = WriteTable::kNone;
};

struct Translator::Point {
  const Metric& metric;
  MessageBytes bytes;
  const PointHead& head;
  SampleTimes times;
  std::string_view labels;

  bool is_stale() const { return head.has_no_value; }
  double shown(double value) const { return is_stale() ? kStaleNan : value; }
};

std::string plain_decimal(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // "-d.ddde-XX": the digits with the exponent of the first.
  char text[32];
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string_view rest(text, static_cast<size_t>(end - text));
  std::string result;
  if (rest.starts_with('-')) {
    result += '-';
    rest.remove_prefix(1);
  }
  const size_t e = rest.find('e');
  int exponent = 0;
  const size_t sign = rest[e + 1] == '+' ? 1 : 0;
  std::from_chars(rest.data() + e + 1 + sign, rest.data() + rest.size(), exponent);
  std::string digits(rest.substr(0, 1));
  if (e > 2) digits += rest.substr(2, e - 2);
  if (exponent < 0) {
    return result + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return result + digits + std::string(whole - digits.size(), '0');
  return result + digits.substr(0, whole) + "." + digits.substr(whole);
}

Translator::End Translator::translate(const Rope& request, Pace& pace) {
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; !has_ended() && resources.next(&resource);) {
    take_resource(resource, pace);
  }
  if (table_.failed()) return End::kNoMemory;
  return is_full_ ? End::kFull : End::kComplete;
}

void Translator::take_resource(const otlp::ResourceView& resource, Pace& pace) {
  const bool is_too_large = resource.resource.size() > kBytesRead;
  const ResourceLabels labels =
      is_too_large ? ResourceLabels() : labels_.read_resource(resource.resource.view(), hasher_);
  newest_time_ = 0;
  otlp::ScopeReader scopes(resource, {.pace = &pace});
  for (otlp::ScopeView scope; !has_ended() && scopes.next(&scope);) {
    MessageReader metrics(scope.bytes.view(), otlp::kScopeItems, &pace);
    for (MessageBytes metric; !has_ended() && metrics.next(&metric);) {
      const MetricView view = MetricView::read(
          Bytes(scope.bytes.chunk(), metric.data(), metric.size()), {.pace = &pace});
      take_metric({labels, scope}, is_too_large || scope.scope.size() > kBytesRead, view, pace);
    }
  }
  if (newest_time_ != 0 && options_.target_info && !has_ended()) show_target(labels);
}

// Why no point of the metric can be written.
std::optional<Refusal> Translator::check(const MetricView& view) const {
  if (view.name.size() + view.description.size() + view.unit.size() > kBytesRead) {
    return Refusal::kTooLarge;
  }
  if (!has_temporality(view.type) || view.aggregation_temporality == kCumulative) {
    return std::nullopt;
  }
  return view.aggregation_temporality == kDelta ? Refusal::kDeltaTemporality
                                                : Refusal::kUnspecifiedTemporality;
}

void Translator::take_metric(const SeriesLabels::Around& around, bool is_too_large,
                             const MetricView& view, Pace& pace) {
  if (view.type == MetricType::kNone) return;
  Metric metric{.view = view, .kind = kind_of(view), .name = {}};
  std::optional<Refusal> refusal = is_too_large ? Refusal::kTooLarge : check(view);
  if (!refusal) {
    Result<std::string> name = namer_.metric_name(view.name, view.unit, metric.kind);
    if (name) {
      metric.name = *std::move(name);
    } else {
      refusal = Refusal::kBadName;
    }
  }
  if (refusal) return refused_.add(*refusal, view.name, count_points(view));
  MessageReader points(view.data.view(), otlp::kDataPoints, &pace);
  for (MessageBytes point; !has_ended() && points.next(&point);) {
    if (metric.family == WriteTable::kNone) {
      metric.family = table_.family({.name = metric.name,
                                     .help = view.description,
                                     .unit = namer_.unit_name(view.unit),
                                     .type = type_of(view)});
    }
    pace.step(kPointUnits);
    const uint32_t series_before = table_.sample_count();
    const auto refused = take_point(around, metric, point);
    if (refused) refused_.add(*refused, view.name, 1);
    pace.step(kSeriesUnits * (table_.sample_count() - series_before));
    if (!refused && !has_ended()) ++point_count_;
  }
}

std::optional<Refusal> Translator::take_point(const SeriesLabels::Around& around,
                                              const Metric& metric, MessageBytes bytes) {
  if (bytes.size() > kBytesRead) return Refusal::kTooLarge;
  const MetricType type = metric.view.type;
  const PointHead head = read_head(type, bytes, hasher_);
  if (head.interval.time == 0 || head.interval.time > kTimeMax) return Refusal::kBadTime;
  const auto labels = labels_.of_point(metric.kind, around, bytes, otlp::point_attributes(type));
  if (!labels) return Refusal::kBadLabel;
  const bool has_start =
      metric.kind != MetricKind::kGauge && metric.kind != MetricKind::kNonMonotonicSum;
  const Point point{.metric = metric,
                    .bytes = bytes,
                    .head = head,
                    .times = {.time_ms = to_ms(head.interval.time),
                              .start_ms = has_start ? to_ms(head.interval.start) : 0},
                    .labels = *labels};
  std::optional<Refusal> refusal;
  switch (type) {
    case MetricType::kHistogram:
      refusal = take_histogram(point);
      break;
    case MetricType::kExponentialHistogram:
      refusal = take_exponential(point);
      break;
    case MetricType::kSummary:
      refusal = take_summary(point);
      break;
    default:
      refusal = take_number(point);
      break;
  }
  if (!refusal && !has_ended()) newest_time_ = std::max(newest_time_, head.interval.time);
  return refusal;
}

std::optional<Refusal> Translator::make_room(const Point& point, size_t series_count,
                                             size_t more_bytes) {
  // In the text a label takes four characters more than its name and value.
  const auto label_count = static_cast<size_t>(std::ranges::count(point.labels, '='));
  const size_t each =
      point.labels.size() + 12 * label_count + point.metric.name.size() + kSeriesBytes;
  size_t bytes = series_count * each + more_bytes;
  // Ids double as hexadecimal digits, and each attribute has a message of its own.
  if (point.head.has_exemplars) bytes += 4 * point.bytes.size();
  if (bytes > options_.bytes_max) return Refusal::kTooLarge;
  is_full_ = point_count_ > 0 && table_.encoded_size() + bytes > options_.bytes_max;
  return std::nullopt;
}

uint32_t Translator::series_of(const Point& point, std::string_view suffix,
                               std::string_view extra_name, std::string_view extra_value) {
  return table_.series({.name = point.metric.name,
                        .suffix = suffix,
                        .labels = point.labels,
                        .extra_name = extra_name,
                        .extra_value = extra_value},
                       point.metric.family);
}

std::optional<Refusal> Translator::take_number(const Point& point) {
  if (!point.is_stale() && !point.head.number) return Refusal::kNoValue;
  if (const auto refusal = make_room(point, 1, 0); refusal || is_full_) return refusal;
  const uint32_t series = series_of(point);
  table_.add_sample(series, point.times, point.shown(point.head.number.value_or(0)),
                    Stands::kForPoint);
  // As in otelcol, also where a gauge has exemplars.
  if (point.metric.kind == MetricKind::kMonotonicSum) add_exemplars(point, series);
  return std::nullopt;
}

std::optional<Refusal> Translator::take_histogram(const Point& point) {
  Detail detail;
  if (point.is_stale()) {
    DataPointView view = DataPointView::read(MetricType::kHistogram, point.bytes);
    HistogramState histogram{.upper_bounds = std::move(view.explicit_bounds),
                             .counts = std::move(view.bucket_counts)};
    // Where counts are missing there are no series of buckets.
    const size_t count = std::min(histogram.upper_bounds.size(), histogram.counts.size());
    histogram.upper_bounds.resize(count);
    detail.value = std::move(histogram);
  } else {
    bool is_repaired = false;
    if (const auto refusal =
            read_detail(MetricType::kHistogram, point.bytes, detail, &is_repaired)) {
      return refusal;
    }
    repaired_count_ += is_repaired ? 1 : 0;
  }
  const auto& histogram = std::get<HistogramState>(detail.value);
  const size_t bound_count = histogram.upper_bounds.size();
  // A number in plain decimal may have 309 digits before the point, or 324 behind.
  size_t le_bytes = 0;
  std::vector<std::string> bounds;
  bounds.reserve(bound_count + 1);
  for (const double bound : histogram.upper_bounds) bounds.push_back(plain_decimal(bound));
  bounds.emplace_back("+Inf");
  for (const std::string& bound : bounds) le_bytes += bound.size();
  if (const auto refusal = make_room(point, bound_count + 3, le_bytes); refusal || is_full_) {
    return refusal;
  }
  if (point.head.has_sum) {
    table_.add_sample(series_of(point, "_sum"), point.times, point.shown(histogram.sum),
                      Stands::kForPart);
  }
  const double count = point.shown(static_cast<double>(histogram.count));
  table_.add_sample(series_of(point, "_count"), point.times, count, Stands::kForPoint);
  std::vector<uint32_t> buckets;
  uint64_t below = 0;
  for (size_t i = 0; i <= bound_count; ++i) {
    const uint32_t bucket = series_of(point, "_bucket", "le", bounds[i]);
    if (i < bound_count) below += histogram.counts[i];
    const double value = i < bound_count ? point.shown(static_cast<double>(below)) : count;
    table_.add_sample(bucket, point.times, value, Stands::kForPart);
    buckets.push_back(bucket);
  }
  if (point.head.has_exemplars) add_bucket_exemplars(point, histogram, buckets);
  return std::nullopt;
}

std::optional<Refusal> Translator::take_exponential(const Point& point) {
  size_t bucket_count = 0;
  if (point.is_stale()) {
    const DataPointView view = DataPointView::read(MetricType::kExponentialHistogram, point.bytes);
    if (view.scale < prometheus::kSchemaMin) return Refusal::kScaleTooCoarse;
    native_ = {.schema = std::min(view.scale, prometheus::kSchemaMax),
               .zero_threshold =
                   view.zero_threshold == 0 ? prometheus::kZeroThreshold : view.zero_threshold,
               .zero_count = 0,
               .count = std::bit_cast<uint64_t>(kStaleNan),
               .sum = kStaleNan,
               .positive = {},
               .negative = {}};
  } else {
    Detail detail;
    bool is_repaired = false;
    if (const auto refusal =
            read_detail(MetricType::kExponentialHistogram, point.bytes, detail, &is_repaired)) {
      return refusal;
    }
    const auto& histogram = std::get<ExponentialState>(detail.value);
    bucket_count = histogram.positive.counts.size() + histogram.negative.counts.size();
    prometheus::to_native({.scale = histogram.scale,
                           .zero_threshold = histogram.zero_threshold,
                           .zero_count = histogram.zero_count,
                           .count = histogram.count,
                           .sum = histogram.sum,
                           .positive = {histogram.positive.offset, histogram.positive.counts},
                           .negative = {histogram.negative.offset, histogram.negative.counts}},
                          native_);
  }
  if (const auto refusal = make_room(point, 1, kBucketBytes * bucket_count); refusal || is_full_) {
    return refusal;
  }
  const uint32_t series = series_of(point);
  table_.add_histogram(series, point.times, native_);
  add_exemplars(point, series);
  return std::nullopt;
}

std::optional<Refusal> Translator::take_summary(const Point& point) {
  Detail detail;
  bool is_repaired = false;
  if (const auto refusal = read_detail(MetricType::kSummary, point.bytes, detail, &is_repaired)) {
    return refusal;
  }
  const auto& summary = std::get<SummaryState>(detail.value);
  size_t quantile_bytes = 0;
  for (const auto& [quantile, value] : summary.quantiles) {
    quantile_bytes += plain_decimal(quantile).size();
  }
  if (const auto refusal = make_room(point, summary.quantiles.size() + 2, quantile_bytes);
      refusal || is_full_) {
    return refusal;
  }
  table_.add_sample(series_of(point, "_sum"), point.times, point.shown(summary.sum),
                    Stands::kForPart);
  table_.add_sample(series_of(point, "_count"), point.times,
                    point.shown(static_cast<double>(summary.count)), Stands::kForPoint);
  for (const auto& [quantile, value] : summary.quantiles) {
    table_.add_sample(series_of(point, {}, "quantile", plain_decimal(quantile)), point.times,
                      point.shown(value), Stands::kForPart);
  }
  return std::nullopt;
}

void Translator::add_exemplars(const Point& point, uint32_t series) {
  if (!point.head.has_exemplars) return;
  MessageReader exemplars(point.bytes, exemplars_field(point.metric.view.type));
  for (MessageBytes each; exemplars.next(&each);) {
    const WrittenExemplar exemplar = read_written_exemplar(each);
    table_.add_exemplar(series, exemplar.labels, exemplar.value, exemplar.time_ms);
  }
}

void Translator::add_bucket_exemplars(const Point& point, const HistogramState& histogram,
                                      std::span<const uint32_t> buckets) {
  MessageReader exemplars(point.bytes, exemplars_field(MetricType::kHistogram));
  for (MessageBytes each; exemplars.next(&each);) {
    const WrittenExemplar exemplar = read_written_exemplar(each);
    if (std::isnan(exemplar.value)) continue;
    const auto bucket = std::ranges::lower_bound(histogram.upper_bounds, exemplar.value) -
                        histogram.upper_bounds.begin();
    table_.add_exemplar(buckets[static_cast<size_t>(bucket)], exemplar.labels, exemplar.value,
                        exemplar.time_ms);
  }
}

void Translator::show_target(const ResourceLabels& resource) {
  const bool has_identity = !resource.job.empty() || !resource.instance.empty();
  if (!has_identity || !resource.has_others) return;
  const std::string name = namer_.target_info_name();
  const uint32_t family = table_.series_family(
      {.name = name, .help = kTargetHelp, .unit = {}, .type = WrittenType::kGauge});
  const std::string_view labels = labels_.of_target(resource);
  const uint32_t series = table_.series({.name = name, .labels = labels}, family);
  table_.add_sample(series, {.time_ms = to_ms(newest_time_)}, 1, Stands::kForPart);
}

}  // namespace millrace::exporters
