#include "processors/metricstransform/scope_metrics.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "ottl/metric_points.h"
#include "ottl/record_writer.h"
#include "processors/metricstransform/metric_match.h"

namespace millrace::processors::metricstransform {
namespace {

using ottl::Field;
using ottl::Record;
using ottl::Value;

Record record_of(const Metric& metric) {
  return {ottl::Context::kMetric, metric.content.bytes, {}, metric.type};
}

std::set<std::string> label_keys(const Record& metric, ottl::Scratch& scratch) {
  std::set<std::string> keys;
  for (const otlp::MessageBytes bytes : ottl::points_of(metric, scratch)) {
    const Record point = ottl::point_record(bytes, metric.type());
    ottl::for_each_entry(point.read(Field::kAttributes, scratch),
                         [&](std::string_view key, const Value&) {
                           if (!keys.contains(std::string(key)) && scratch.charge(128 + key.size()))
                             keys.emplace(key);
                           return !scratch.failed();
                         });
  }
  return keys;
}

// Why the two cannot be combined; empty: they can.
std::string_view difference(const Record& one, const Record& other, ottl::Scratch& scratch) {
  const auto differs = [&](Field field) {
    const Value a = one.read(field, scratch);
    const Value b = other.read(field, scratch);
    return a.number != b.number || a.text != b.text;
  };
  if (one.type() != other.type()) return "different types";
  if (differs(Field::kUnit)) return "different units";
  if (label_keys(one, scratch) != label_keys(other, scratch)) return "different labels";
  if (differs(Field::kAggregationTemporality)) return "different temporalities";
  if (differs(Field::kIsMonotonic)) return "only one is monotonic";
  return {};
}

}  // namespace

ScopeMetrics::ScopeMetrics(const Options& options, KeptMetrics& kept, Work& work, Logger& log)
    : options_(options), kept_(kept), work_(work), log_(log), scratch_(&work.pool.budget()) {
  item_.pace = &work.pace;
}

void ScopeMetrics::add(MetricContent content, otlp::MetricType type) {
  if (!kept_.charge(2 * sizeof(Metric))) return;
  metrics_.push_back(
      {.state = Metric::State::kAsReceived, .type = type, .content = std::move(content)});
}

bool ScopeMetrics::wants(std::string_view name) const {
  return std::ranges::any_of(options_.transforms, [&](const Transform& transform) {
    return matches_name(transform, name);
  });
}

void ScopeMetrics::run(const Group& around, std::vector<Group>& groups) {
  for (const Transform& transform : options_.transforms) {
    if (kept_.failure()) return;
    switch (transform.action) {
      case Transform::Action::kUpdate:
        update(transform);
        break;
      case Transform::Action::kInsert:
        insert(transform);
        break;
      case Transform::Action::kCombine:
        combine(transform);
        break;
      case Transform::Action::kGroup:
        if (Group made = group(transform, around); !made.metrics.empty()) {
          groups.push_back(std::move(made));
        }
        break;
    }
  }
}

// Keeps the first failure for the request.
bool ScopeMetrics::has_failed() {
  if (scratch_.was_refused()) {
    kept_.fail(no_memory("transforming metrics", scratch_.bytes(), work_.pool.budget()));
  } else if (scratch_.failed()) {
    kept_.fail(
        {Code::kResourceExhausted, "transforming metrics makes too much data of one metric"});
  }
  return kept_.failure().has_value();
}

bool ScopeMetrics::is_for(const Transform& transform, const Metric& metric) {
  if (metric.state == Metric::State::kRemoved || has_failed()) return false;
  scratch_.clear();
  const Record record = record_of(metric);
  const Value name = record.read(Field::kName, scratch_);
  return matches_name(transform, name.text) && match_points(transform, record, scratch_).any();
}

bool ScopeMetrics::keep_record(const Record& record, Metric& into) {
  if (has_failed()) return false;
  if (!record.is_changed()) return true;
  wire::Writer writer(record.bytes().size() + 64);
  ottl::write_record(record, &writer);
  into.content = {.owner = {}, .bytes = kept_.keep(writer.to_string())};
  into.state = Metric::State::kChanged;
  return !kept_.failure();
}

template <class Change>
bool ScopeMetrics::make(const Metric& from, Metric& into, const Change& change) {
  into = from;
  scratch_.clear();
  EditedMetric edited{item_, record_of(from), scratch_};
  const bool stays = change(edited);
  return keep_record(edited.record, into) && stays;
}

bool ScopeMetrics::run_operations(const Transform& transform, EditedMetric& edited) {
  const auto applied = apply(transform, edited);
  // As in otelcol: what was done so far stays.
  if (!applied) log_.warn("a transform is not for this metric", {{"reason", applied.error()}});
  return !applied || *applied;
}

void ScopeMetrics::update(const Transform& transform) {
  for (Metric& metric : metrics_) {
    if (!is_for(transform, metric)) continue;
    Metric changed;
    if (!make(metric, changed,
              [&](EditedMetric& edited) { return run_operations(transform, edited); })) {
      changed.state = Metric::State::kRemoved;
    }
    metric = std::move(changed);
  }
}

void ScopeMetrics::insert(const Transform& transform) {
  const size_t count = metrics_.size();  // not those that are being added
  for (size_t i = 0; i < count; ++i) {
    if (!is_for(transform, metrics_[i])) continue;
    Metric added;
    const bool stays = make(metrics_[i], added, [&](EditedMetric& edited) {
      keep_matching_points(transform, edited);
      return run_operations(transform, edited);
    });
    if (!stays || !kept_.charge(2 * sizeof(Metric))) continue;
    added.state = Metric::State::kChanged;
    metrics_.push_back(std::move(added));
  }
}

void ScopeMetrics::combine(const Transform& transform) {
  std::vector<size_t> matched;
  for (size_t i = 0; i < metrics_.size(); ++i) {
    if (is_for(transform, metrics_[i])) matched.push_back(i);
  }
  if (matched.empty() || has_failed()) return;
  scratch_.clear();
  const Record first = record_of(metrics_[matched.front()]);
  std::string_view reason;
  if (first.type() == otlp::MetricType::kSummary) reason = "they are summaries";
  for (size_t i = 1; i < matched.size() && reason.empty(); ++i) {
    reason = difference(first, record_of(metrics_[matched[i]]), scratch_);
  }
  if (!reason.empty()) {
    return log_.warn("metrics cannot be combined",
                     {{"into", transform.new_name}, {"reason", reason}});
  }
  ottl::PointWriter points(item_, scratch_);
  for (const size_t index : matched) {
    EditedMetric part{item_, record_of(metrics_[index]), scratch_};
    keep_matching_points(transform, part);
    const Value name = part.record.read(Field::kName, scratch_);
    set_labels(submatches(transform, name.text), part);
    for (const otlp::MessageBytes point : ottl::points_of(part.record, scratch_)) {
      points.add(ottl::point_record(point, part.record.type()));
    }
  }
  Metric combined = metrics_[matched.front()];
  EditedMetric edited{item_, first, scratch_};
  edited.record.write(Field::kDataPoints, points.finish(), scratch_);
  edited.record.write(Field::kName, Value::of_string(transform.new_name), scratch_);
  if (auto joined = aggregate(transform.aggregation, edited); !joined) {
    return log_.warn("metrics cannot be combined",
                     {{"into", transform.new_name}, {"reason", joined.error()}});
  }
  const bool stays = run_operations(transform, edited);
  if (!keep_record(edited.record, combined)) return;
  for (const size_t index : matched) metrics_[index].state = Metric::State::kRemoved;
  if (stays && kept_.charge(2 * sizeof(Metric))) metrics_.push_back(std::move(combined));
}

Group ScopeMetrics::group(const Transform& transform, const Group& around) {
  Group made{
      .transform = &transform, .resource = around.resource, .scope = around.scope, .metrics = {}};
  for (Metric& metric : metrics_) {
    if (!is_for(transform, metric)) continue;
    Metric taken;
    if (!make(metric, taken, [&](EditedMetric& edited) {
          keep_matching_points(transform, edited);
          return true;
        })) {
      break;
    }
    if (!kept_.charge(2 * sizeof(MetricContent))) break;
    made.metrics.push_back(std::move(taken.content));
    metric.state = Metric::State::kRemoved;
  }
  return made;
}

}  // namespace millrace::processors::metricstransform
