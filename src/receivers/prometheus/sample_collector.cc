#include "receivers/prometheus/sample_collector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "receivers/prometheus/line_cursor.h"
#include "receivers/prometheus/sample_labels.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr std::string_view kScopePrefix = "otel_scope_";
// A sample may be this far ahead of the scrape (Prometheus).
constexpr int64_t kAheadMsMax = 10 * 60 * 1000;

std::string value_of(const LabelList& labels, std::string_view name) {
  for (const auto& [label, value] : labels) {
    if (label == name) return value;
  }
  return {};
}

uint64_t hash_of(const LabelSet& labels) {
  uint64_t hash = 0;
  const std::hash<std::string_view> hash_text;
  for (const Label& label : labels.all()) {
    constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
    hash = (hash ^ hash_text(label.name)) * kOdd + (hash >> 31);
    hash = (hash ^ hash_text(label.value)) * kOdd + (hash >> 31);
  }
  return hash;
}

// The bound of a bucket or the rank of a quantile; nothing: the sample has none.
std::optional<double> bound_of(const LabelSet& labels, PointKind kind) {
  const auto bound = parse_value(labels.get(kind == PointKind::kSummary ? "quantile" : "le"));
  return bound && !std::isnan(*bound) ? bound : std::nullopt;
}

}  // namespace

SampleCollector::SampleCollector(const SampleContext& context, ScrapeBatch& batch,
                                 ReplayRecorder* recorder)
    : context_(context),
      batch_(batch),
      recorder_(recorder),
      families_(batch.memory()),
      groups_(batch, nanoseconds_of_ms(context.time_ms)),
      job_(value_of(context.target_labels, "job")),
      instance_(value_of(context.target_labels, "instance")) {}

void SampleCollector::on_type(std::string_view family, MetricType type) {
  families_.set_type(family, type);
}
void SampleCollector::on_help(std::string_view family, std::string_view help) {
  families_.set_help(family, help);
}
void SampleCollector::on_unit(std::string_view family, std::string_view unit) {
  families_.set_unit(family, unit);
}

Status SampleCollector::on_sample(Sample& sample) {
  ++scraped_count_;
  if (recorder_ != nullptr) recorder_->on_sample(sample.value_text);
  if (!families_.is_whole()) return fail(batch_.no_room(0));
  const auto fate = finish_labels(context_.target_labels, context_.rules, sample.labels);
  if (!fate) return fail(fate.error());
  if (*fate == SampleFate::kDropped) return {};
  ++kept_count_;
  if (context_.rules.sample_limit > 0 && kept_count_ > context_.rules.sample_limit) {
    return fail(Code::kResourceExhausted,
                "sample_limit of " + std::to_string(context_.rules.sample_limit) + " exceeded");
  }
  if (!context_.rules.honor_timestamps) sample.timestamp_ms.reset();
  if (sample.timestamp_ms && *sample.timestamp_ms > context_.time_ms + kAheadMsMax) {
    ++left_out_count_;
    return {};
  }
  if (!sample.timestamp_ms) {
    if (!batch_.memory().charge(2 * sizeof(uint64_t))) return fail(batch_.no_room(8));
    series_.push_back(hash_of(sample.labels));
  }
  if (!context_.rules.external_labels.empty()) {
    for (const auto& [name, value] : context_.rules.external_labels) {
      sample.labels.set(name, value);
    }
    sample.labels.sort();
  }
  return add_point(sample);
}

Status SampleCollector::add_point(const Sample& sample) {
  const std::string_view name = sample.labels.get(kMetricName);
  if (name == "target_info") return take_info(sample.labels, true);
  if (name == "otel_scope_info") return take_info(sample.labels, false);
  const auto scope = scope_of(sample.labels);
  if (!scope) return fail(batch_.no_room(0));
  const SampleFamily family = families_.family_of(name, sample.native != nullptr);
  if (family.type == MetricType::kGaugeHistogram ||
      (sample.native != nullptr && sample.native->is_gauge)) {
    ++left_out_count_;  // OTLP has no form for it
    return {};
  }
  if (!has_last_ || last_key_.scope != *scope || last_key_.name != family.metric ||
      last_key_.kind != family.kind || last_key_.type != family.type) {
    last_key_ = {.scope = *scope,
                 .name = std::string(family.metric),
                 .kind = family.kind,
                 .is_monotonic = family.is_monotonic,
                 .type = family.type};
    const auto metric = batch_.metric(last_key_);
    if (!metric) return fail(batch_.no_room(0));
    last_metric_ = *metric;
    has_last_ = true;
  }
  if (sample.native != nullptr) return add_native(sample, last_metric_);
  const bool is_simple = family.kind == PointKind::kGauge || family.kind == PointKind::kSum;
  if (group_family_ != family.metric) {
    if (Status flushed = groups_.flush(); !flushed) return flushed;
    group_family_ = family.metric;
  }
  if (family.kind == PointKind::kGauge) return add_number(sample, last_metric_, family.kind);
  const bool is_created = family.role == SampleRole::kCreated;
  if (is_created && recorder_ != nullptr) recorder_->keep_value();
  PointGroups::Part part{.metric = last_metric_,
                         .kind = family.kind,
                         .role = family.role,
                         .labels = sample.labels.all(),
                         .sample = &sample,
                         .number = is_created ? std::nullopt : sample_number()};
  if (family.role == SampleRole::kPart && !is_simple) {
    const auto bound = bound_of(sample.labels, family.kind);
    if (!bound) {
      ++left_out_count_;
      return {};
    }
    part.bound = *bound;
  }
  return groups_.add(part);
}

Status SampleCollector::add_number(const Sample& sample, uint32_t metric, PointKind kind) {
  writer_.truncate(0);
  write_attributes(writer_, kind, sample.labels.all());
  const size_t attributes_size = writer_.size();
  const uint64_t time = nanoseconds_of_ms(sample.timestamp_ms.value_or(context_.time_ms));
  write_number(writer_, {.start = 0, .time = time}, sample.value);
  for (const Exemplar& exemplar : sample.exemplars) write_exemplar(writer_, kind, exemplar, time);
  const std::optional<uint32_t> number = sample_number();
  const SampleRef recorded{.sample = number.value_or(0)};
  return batch_.add({.metric = metric,
                     .bytes = writer_.view(),
                     .attributes_size = attributes_size,
                     .is_tracked = !sample.timestamp_ms,
                     .samples = {&recorded, size_t{number.has_value()}}});
}

Status SampleCollector::add_native(const Sample& sample, uint32_t metric) {
  constexpr PointKind kKind = PointKind::kExponentialHistogram;
  writer_.truncate(0);
  write_attributes(writer_, kKind, sample.labels.all());
  const size_t attributes_size = writer_.size();
  const uint64_t time = nanoseconds_of_ms(sample.timestamp_ms.value_or(context_.time_ms));
  const uint64_t start = sample.created_ms ? nanoseconds_of_ms(*sample.created_ms) : 0;
  write_native(writer_, {.start = start, .time = time}, *sample.native);
  for (const Exemplar& exemplar : sample.exemplars) write_exemplar(writer_, kKind, exemplar, time);
  return batch_.add({.metric = metric,
                     .bytes = writer_.view(),
                     .attributes_size = attributes_size,
                     .is_tracked = !sample.timestamp_ms});
}

std::optional<uint32_t> SampleCollector::resource_of(const LabelSet& labels) {
  const std::string_view job = labels.get("job");
  const std::string_view instance = labels.get("instance");
  return batch_.resource({.job = job.empty() ? job_ : std::string(job),
                          .instance = instance.empty() ? instance_ : std::string(instance)});
}

// Nearly all samples of a scrape have the same: it is found by two comparisons.
std::optional<uint32_t> SampleCollector::scope_without_labels(const LabelSet& labels) {
  const std::string_view job = labels.get("job");
  const std::string_view instance = labels.get("instance");
  const std::string_view own_job = job.empty() ? std::string_view(job_) : job;
  const std::string_view own_instance = instance.empty() ? std::string_view(instance_) : instance;
  if (last_scope_ && last_resource_.job == own_job && last_resource_.instance == own_instance) {
    return last_scope_;
  }
  last_resource_ = {.job = std::string(own_job), .instance = std::string(own_instance)};
  const auto resource = batch_.resource(last_resource_);
  last_scope_ = resource ? batch_.scope({.resource = *resource}) : std::nullopt;
  return last_scope_;
}

std::optional<uint32_t> SampleCollector::scope_of(const LabelSet& labels) {
  const auto names_scope = [](const Label& label) { return label.name.starts_with(kScopePrefix); };
  if (std::ranges::none_of(labels.all(), names_scope)) return scope_without_labels(labels);
  const auto resource = resource_of(labels);
  if (!resource) return std::nullopt;
  ScopeKey key{.resource = *resource};
  for (const Label& label : labels.all()) {
    if (!label.name.starts_with(kScopePrefix)) continue;
    const std::string_view part = label.name.substr(kScopePrefix.size());
    if (part == "name") {
      key.name = label.value;
    } else if (part == "version") {
      key.version = label.value;
    } else if (part == "schema_url") {
      key.schema_url = label.value;
    } else {
      key.attributes.emplace_back(part, label.value);
    }
  }
  return batch_.scope(key);
}

// Labels of target_info become attributes of the resource, those of otel_scope_info of the scope.
Status SampleCollector::take_info(const LabelSet& labels, bool is_target) {
  if (recorder_ != nullptr) recorder_->keep_value();
  const auto resource = resource_of(labels);
  if (!resource) return fail(batch_.no_room(0));
  ScopeKey scope{.resource = *resource};
  LabelList more;
  size_t size = 512;
  for (const Label& label : labels.all()) {
    if (label.name == kMetricName || label.name == "job" || label.name == "instance") continue;
    size += 4 * (label.name.size() + label.value.size() + 64);
    if (!is_target && label.name == "otel_scope_name") {
      scope.name = label.value;
    } else if (!is_target && label.name == "otel_scope_version") {
      scope.version = label.value;
    } else if (!is_target && label.name == "otel_scope_schema_url") {
      scope.schema_url = label.value;
    } else {
      more.emplace_back(label.name, label.value);
    }
  }
  if (!batch_.memory().charge(size)) return fail(batch_.no_room(size));
  (is_target ? target_info_[*resource] : scope_info_[scope]) = std::move(more);
  return {};
}

Status SampleCollector::finish() {
  if (!families_.is_whole()) return fail(batch_.no_room(0));
  return groups_.flush();
}

Status SampleCollector::add_report(std::string_view name, std::string_view help,
                                   std::string_view unit, double value) {
  Sample sample;
  sample.labels.add(kMetricName, name);
  for (const auto& [label, text] : context_.target_labels) sample.labels.set(label, text);
  for (const auto& [label, text] : context_.rules.external_labels) sample.labels.set(label, text);
  sample.labels.sort();
  sample.value = value;
  families_.set_type(name, MetricType::kGauge);
  families_.set_help(name, help);
  families_.set_unit(name, unit);
  if (recorder_ != nullptr) recorder_->on_report();
  return add_point(sample);
}

const LabelList& SampleCollector::target_info(uint32_t resource) const {
  static const LabelList kNone;
  const auto found = target_info_.find(resource);
  return found == target_info_.end() ? kNone : found->second;
}

// A scope that is known by attributes of its own has no entry here.
LabelList SampleCollector::scope_info(const ScopeKey& key) const {
  if (!key.attributes.empty()) return {};
  const auto found = scope_info_.find(key);
  return found == scope_info_.end() ? LabelList() : found->second;
}

MetricText SampleCollector::text_of(const MetricKey& key) const {
  const FamilyTable::Family* found = families_.find(key.name);
  if (found == nullptr) return {};
  return {.help = found->help, .unit = found->unit};
}

}  // namespace millrace::receivers::prometheus
