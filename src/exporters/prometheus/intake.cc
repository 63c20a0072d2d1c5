#include "exporters/prometheus/intake.h"

#include <utility>

#include "prometheus_series/metric_kind.h"

namespace millrace::exporters {
namespace {

using otlp::MessageBytes;
using otlp::MessageReader;
using otlp::MetricType;
using otlp::MetricView;
using prometheus::FamilyType;
using prometheus::MetricKind;

constexpr size_t kPointUnits = 300;  // of a pace
constexpr std::string_view kTargetHelp = "Target metadata";

}  // namespace

struct Intake::Metric {
  const MetricView& view;
  MetricKind kind;
  FamilyType type;
  SeriesFamily* family = nullptr;
  bool is_delta = false;
};

TakenPoints Intake::take(const Rope& request, MonotonicTime now, Pace& pace) {
  taken_ = {};
  now_ = now;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    const bool is_too_large = resource.resource.size() > kBytesRead;
    const ResourceLabels labels =
        is_too_large ? ResourceLabels()
                     : labels_.read_resource(resource.resource.view(), store_.hasher());
    if (labels.job.empty() && labels.instance.empty() && !copies_resource_) {
      ++taken_.without_identity;
    }
    const uint64_t stored_before = taken_.stored;
    otlp::ScopeReader scopes(resource, {.pace = &pace});
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      const KeyHash key =
          store_.hasher().joined(labels.key, labels_.scope_key(scope, store_.hasher()));
      take_scope({.around = {labels, scope},
                  .key = key,
                  .is_too_large = is_too_large || scope.scope.size() > kBytesRead},
                 pace);
    }
    if (taken_.stored != stored_before && labels.has_target()) show_target(labels);
  }
  return std::exchange(taken_, {});
}

void Intake::take_scope(const Scope& scope, Pace& pace) {
  const Bytes& bytes = scope.around.scope.bytes;
  MessageReader metrics(bytes.view(), otlp::kScopeItems, &pace);
  for (MessageBytes metric; metrics.next(&metric);) {
    const MetricView view =
        MetricView::read(Bytes(bytes.chunk(), metric.data(), metric.size()), {.pace = &pace});
    take_metric(scope, view, pace);
  }
}

void Intake::take_metric(const Scope& scope, const MetricView& view, Pace& pace) {
  if (view.type == MetricType::kNone) return;
  Metric metric{.view = view, .kind = kind_of(view), .type = family_type_of(kind_of(view))};
  metric.is_delta = has_temporality(view.type) && view.aggregation_temporality == kDelta;
  const size_t text_bytes = view.name.size() + view.description.size() + view.unit.size();
  std::optional<Refusal> refusal;
  if (scope.is_too_large || text_bytes > kBytesRead) {
    refusal = Refusal::kTooLarge;
  } else if (has_temporality(view.type) && !metric.is_delta &&
             view.aggregation_temporality != kCumulative) {
    refusal = Refusal::kUnspecifiedTemporality;
  } else if (metric.is_delta && metric.kind == MetricKind::kNonMonotonicSum) {
    refusal = Refusal::kNonMonotonicDelta;
  } else {
    refusal = find_family(metric);
  }
  if (refusal) return taken_.refused.add(*refusal, view.name, count_points(view));
  if (!view.description.empty() && view.description != metric.family->help) {
    ++taken_.help_conflicts;
  }
  // The family stays, also while this is suspended: only sweeps take families away.
  MessageReader points(view.data.view(), otlp::kDataPoints, &pace);
  for (MessageBytes point; points.next(&point);) {
    pace.step(kPointUnits);
    if (const auto refused = take_point(scope, metric, point)) {
      taken_.refused.add(*refused, view.name, 1);
    }
  }
}

std::optional<Refusal> Intake::find_family(Metric& metric) {
  if (is_untyped(metric.view)) metric.type = FamilyType::kUntyped;
  const KeyHasher& hasher = store_.hasher();
  KeyHash key = hasher.joined(hasher.of(metric.view.name), hasher.of(metric.view.unit));
  key.low += static_cast<uint64_t>(metric.kind) << 8 | static_cast<uint64_t>(metric.type);
  metric.family = store_.find_family(key);
  if (metric.family != nullptr) return std::nullopt;
  const Result<std::string> name =
      namer_.metric_name(metric.view.name, metric.view.unit, metric.kind);
  if (!name) return Refusal::kBadName;
  return store_.open_family(key, *name, metric.view.description, metric.type, now_, &metric.family);
}

std::optional<Refusal> Intake::take_point(const Scope& scope, const Metric& metric,
                                          MessageBytes point) {
  if (point.size() > kBytesRead) return Refusal::kTooLarge;
  const MetricType type = metric.view.type;
  const PointHead head = read_head(type, point, store_.hasher());
  const KeyHash key = store_.hasher().joined(store_.hasher().joined(metric.family->key, scope.key),
                                             head.attributes);
  Series* series = store_.find(key);
  bool is_new = false;
  if (head.has_no_value) {
    ++taken_.ended;
    if (series == nullptr) {
      // It may be known by other attributes that give the same labels.
      if (find_series(scope, metric, point, key, &series, &is_new)) return std::nullopt;
    }
    store_.erase(*series);
    return std::nullopt;
  }
  std::unique_ptr<Detail> detail;
  if (type == MetricType::kGauge || type == MetricType::kSum) {
    if (!head.number) return Refusal::kNoValue;
    if (metric.is_delta && !(*head.number >= 0)) return Refusal::kInvalidDelta;
  } else {
    detail = std::make_unique<Detail>();
    bool is_repaired = false;
    if (const auto refusal = read_detail(type, point, *detail, &is_repaired)) return refusal;
    taken_.repaired += is_repaired ? 1 : 0;
  }
  if (head.has_exemplars && metric.type != FamilyType::kGauge &&
      metric.type != FamilyType::kUntyped) {
    if (detail == nullptr) detail = std::make_unique<Detail>();
    read_exemplars(type, point, *detail);
  }
  if (series == nullptr) {
    if (const auto refusal = find_series(scope, metric, point, key, &series, &is_new)) {
      return refusal;
    }
  }
  return apply(metric, head, *series, is_new || store_.is_expired(*series, now_),
               std::move(detail));
}

std::optional<Refusal> Intake::find_series(const Scope& scope, const Metric& metric,
                                           MessageBytes point, const KeyHash& key, Series** into,
                                           bool* is_new) {
  const auto labels =
      labels_.of_point(metric.kind, scope.around, point, otlp::point_attributes(metric.view.type));
  if (!labels) return Refusal::kBadLabel;
  return store_.open(key, *metric.family, *labels, into, is_new);
}

std::optional<Refusal> Intake::apply(const Metric& metric, const PointHead& head, Series& series,
                                     bool is_new, std::unique_ptr<Detail> detail) {
  Step step = Step::kReplaces;
  const bool is_number = metric.kind == MetricKind::kGauge || metric.view.type == MetricType::kSum;
  if (!is_new) {
    step = !metric.is_delta ? step_of_cumulative(series.interval, head.interval)
           : is_number      ? step_of_delta_sum(series.interval, head.interval)
                            : step_of_delta_histogram(series.interval, head.interval);
  }
  if (step == Step::kIsMisaligned) return Refusal::kMisalignedStart;
  if (step == Step::kIsOld) {
    ++taken_.old;
    return std::nullopt;
  }
  if (step == Step::kAdds && !is_number) {
    if (!add_detail(series, std::move(detail))) return Refusal::kSeriesLimit;
  } else if (detail != nullptr || series.detail != nullptr) {
    const bool has_room = store_.set_detail(series, std::move(detail));
    if (!has_room && is_number) {
      static_cast<void>(store_.set_detail(series, nullptr));  // the exemplars are dropped
    } else if (!has_room) {
      if (is_new) store_.erase(series);
      return Refusal::kSeriesLimit;
    }
  }
  if (is_number) {
    series.number = step == Step::kAdds ? series.number + *head.number : *head.number;
  }
  series.interval = interval_after(step, series.interval, head.interval);
  series.received = now_;
  ++taken_.stored;
  return std::nullopt;
}

// Adds where both are of one kind and fit together; otherwise the newer replaces.
bool Intake::add_detail(Series& series, std::unique_ptr<Detail> detail) {
  Detail* const stored = series.detail.get();
  if (stored == nullptr) return store_.set_detail(series, std::move(detail));
  const size_t bytes_before = stored->memory_bytes();
  auto* const histogram = std::get_if<HistogramState>(&stored->value);
  auto* const delta = std::get_if<HistogramState>(&detail->value);
  auto* const exponential = std::get_if<ExponentialState>(&stored->value);
  auto* const exponential_delta = std::get_if<ExponentialState>(&detail->value);
  bool is_added = false;
  if (histogram != nullptr && delta != nullptr) {
    is_added = add_histogram(*histogram, *delta);
  } else if (exponential != nullptr && exponential_delta != nullptr) {
    ExponentialState sum = *exponential;
    is_added = add_exponential(sum, *exponential_delta);
    if (is_added) *exponential = std::move(sum);
  }
  if (!is_added) return store_.set_detail(series, std::move(detail));
  if (!detail->exemplars.empty()) stored->exemplars = std::move(detail->exemplars);
  if (store_.recount_detail(series, bytes_before)) return true;
  store_.erase(series);
  return false;
}

void Intake::show_target(const ResourceLabels& resource) {
  const KeyHasher& hasher = store_.hasher();
  const std::string name = namer_.target_info_name();
  const KeyHash metric = hasher.joined(hasher.of(name), hasher.of(kTargetHelp));
  SeriesFamily* family = store_.find_family(metric);
  if (family == nullptr &&
      store_.open_family(metric, name, kTargetHelp, FamilyType::kGauge, now_, &family)) {
    return;
  }
  const KeyHash key = hasher.joined(
      family->key, hasher.joined(hasher.of(resource.job), hasher.of(resource.instance)));
  const KeyHash whole = hasher.of(resource.resource);
  Target& target = targets_[key.low % kTargets];
  Series* series = store_.find(key);
  if (series == nullptr || target.series != key || target.resource != whole) {
    const std::string_view labels = labels_.of_target(resource);
    bool is_new = false;
    if (series == nullptr && store_.open(key, *family, labels, &series, &is_new)) return;
    static_cast<void>(store_.relabel(*series, labels));
    target = {key, whole};
  }
  series->number = 1;
  series->received = now_;
}

}  // namespace millrace::exporters
