#include "processors/metricstransform/operations.h"

#include <algorithm>

#include "ottl/conversion.h"
#include "ottl/metric_points.h"
#include "ottl/metric_scaling.h"
#include "processors/metricstransform/metric_match.h"

namespace millrace::processors::metricstransform {
namespace {

using ottl::Field;
using ottl::Record;
using ottl::Value;
using Done = ottl::Evaluated<void>;
using Type = otlp::MetricType;

std::string_view text_of(const Value& value) {
  return value.is(Value::Type::kString) ? value.text : std::string_view();
}

// Nothing is changed where the scratch has no room; the caller looks at that.
template <class Edit>
void edit_points(EditedMetric& metric, const Edit& edit) {
  (void)ottl::edit_points(metric.item, &metric.record, metric.scratch, [&](Record& point) -> Done {
    edit(point);
    return {};
  });
}

ottl::Map* own_labels(Record& point, ottl::Scratch& scratch) {
  Value* const labels = point.change(Field::kAttributes, scratch);
  return labels == nullptr ? nullptr : labels->map;
}

void put(ottl::Map& labels, std::string_view key, const Value& value) {
  if (Value* const there = labels.find(key)) {
    *there = value;
  } else {
    labels.entries.push_back({key, value});
  }
}

template <class IsRemoved>
void remove_points(EditedMetric& metric, const IsRemoved& is_removed) {
  ottl::PointWriter kept(metric.item, metric.scratch);
  bool is_changed = false;
  for (const otlp::MessageBytes bytes : ottl::points_of(metric.record, metric.scratch)) {
    const Record point = ottl::point_record(bytes, metric.record.type());
    if (is_removed(point)) {
      is_changed = true;
    } else if (!kept.add(point)) {
      return;
    }
  }
  if (is_changed) metric.record.write(Field::kDataPoints, kept.finish(), metric.scratch);
}

void add_label(const Operation& operation, EditedMetric& metric) {
  edit_points(metric, [&](Record& point) {
    const Value labels = point.read(Field::kAttributes, metric.scratch);
    if (ottl::find_entry(labels, operation.new_label)) return;
    ottl::Map* const own = own_labels(point, metric.scratch);
    if (own != nullptr) put(*own, operation.new_label, Value::of_string(operation.new_value));
  });
}

void update_label(const Transform& transform, const Operation& operation, EditedMetric& metric) {
  edit_points(metric, [&](Record& point) {
    if (!matches_point(transform, point, metric.scratch)) return;
    const auto found =
        ottl::find_entry(point.read(Field::kAttributes, metric.scratch), operation.label);
    if (!found) return;
    const auto action = operation.value_actions.find(text_of(*found));
    const bool has_new_value = action != operation.value_actions.end();
    if (operation.new_label.empty() && !has_new_value) return;
    ottl::Map* const own = own_labels(point, metric.scratch);
    if (own == nullptr) return;
    const Value value = has_new_value ? Value::of_string(action->second) : *found;
    if (!operation.new_label.empty() && operation.new_label != operation.label) {
      own->erase(operation.label);
    }
    put(*own, operation.new_label.empty() ? operation.label : operation.new_label, value);
  });
}

void toggle_type(const Transform& transform, EditedMetric& metric) {
  const Type type = metric.record.type();
  if (type != Type::kGauge && type != Type::kSum) return;
  edit_points(metric, [&](Record& point) {
    if (!matches_point(transform, point, metric.scratch)) return;
    const Value number = ottl::number_of(point, metric.scratch);
    if (number.is(Value::Type::kInt)) {
      ottl::set_number(Value::of_double(static_cast<double>(number.number)), &point,
                       metric.scratch);
    } else if (number.is(Value::Type::kDouble)) {
      ottl::set_number(Value::of_int(ottl::to_int64(number.real)), &point, metric.scratch);
    }
  });
}

void scale_values(const Transform& transform, const Operation& operation, EditedMetric& metric) {
  const Type type = metric.record.type();
  if (type == Type::kSummary || type == Type::kNone) return;
  edit_points(metric, [&](Record& point) {
    if (!matches_point(transform, point, metric.scratch)) return;
    if (type == Type::kExponentialHistogram) {
      ottl::scale_exponential_point(operation.scale, &point, metric.scratch);
    } else {
      ottl::scale_point(operation.scale, &point, metric.scratch);
    }
  });
}

Done aggregate_labels(const Operation& operation, EditedMetric& metric) {
  if (metric.record.type() == Type::kSummary) {
    return ottl::error("aggregate_labels is not for summaries");
  }
  edit_points(metric, [&](Record& point) {
    ottl::Map* const own = own_labels(point, metric.scratch);
    if (own == nullptr) return;
    std::erase_if(own->entries, [&](const ottl::MapEntry& entry) {
      return !operation.label_set.contains(entry.key);
    });
  });
  return aggregate(operation.aggregation, metric);
}

Done aggregate_label_values(const Operation& operation, EditedMetric& metric) {
  if (metric.record.type() == Type::kSummary) {
    return ottl::error("aggregate_label_values is not for summaries");
  }
  edit_points(metric, [&](Record& point) {
    const auto found =
        ottl::find_entry(point.read(Field::kAttributes, metric.scratch), operation.label);
    if (!found || !operation.aggregated_values.contains(text_of(*found))) return;
    ottl::Map* const own = own_labels(point, metric.scratch);
    if (own != nullptr) put(*own, operation.label, Value::of_string(operation.new_value));
  });
  return aggregate(operation.aggregation, metric);
}

void delete_label_value(const Operation& operation, EditedMetric& metric) {
  remove_points(metric, [&](const Record& point) {
    const auto found =
        ottl::find_entry(point.read(Field::kAttributes, metric.scratch), operation.label);
    return found && text_of(*found) == operation.label_value;
  });
}

Done run(const Transform& transform, const Operation& operation, bool is_whole,
         EditedMetric& metric) {
  using Kind = Operation::Kind;
  switch (operation.kind) {
    case Kind::kUpdateLabel:
      update_label(transform, operation, metric);
      return {};
    case Kind::kToggleScalarDataType:
      toggle_type(transform, metric);
      return {};
    case Kind::kScaleValue:
      scale_values(transform, operation, metric);
      return {};
    case Kind::kAddLabel:
      if (is_whole) add_label(operation, metric);
      return {};
    case Kind::kDeleteLabelValue:
      if (is_whole) delete_label_value(operation, metric);
      return {};
    case Kind::kAggregateLabels:
      return is_whole ? aggregate_labels(operation, metric) : Done();
    case Kind::kAggregateLabelValues:
      return is_whole ? aggregate_label_values(operation, metric) : Done();
  }
  return {};
}

}  // namespace

ottl::Evaluated<bool> apply(const Transform& transform, EditedMetric& metric) {
  const PointMatches matches = match_points(transform, metric.record, metric.scratch);
  // What joins or removes points is not done to a part of a metric.
  const bool is_whole = transform.action != Transform::Action::kUpdate || matches.is_complete();
  if (!transform.new_name.empty() && is_whole) {
    const Value name = metric.record.read(Field::kName, metric.scratch);
    metric.record.write(Field::kName,
                        Value::of_string(metric.scratch.keep(new_name_of(transform, name.text))),
                        metric.scratch);
  }
  for (const Operation& operation : transform.operations) {
    if (auto done = run(transform, operation, is_whole, metric); !done) {
      return ottl::error(done.error());
    }
  }
  return matches.all == 0 || !ottl::points_of(metric.record, metric.scratch).empty();
}

void keep_matching_points(const Transform& transform, EditedMetric& metric) {
  if (match_points(transform, metric.record, metric.scratch).is_complete()) return;
  ottl::forget_metadata(&metric.record, metric.scratch);
  remove_points(metric, [&](const Record& point) {
    return !matches_point(transform, point, metric.scratch);
  });
}

void set_labels(const std::vector<std::pair<std::string, std::string>>& labels,
                EditedMetric& metric) {
  if (labels.empty()) return;
  edit_points(metric, [&](Record& point) {
    ottl::Map* const own = own_labels(point, metric.scratch);
    if (own == nullptr) return;
    for (const auto& [key, value] : labels) put(*own, key, Value::of_string(value));
  });
}

Done aggregate(ottl::Aggregation aggregation, EditedMetric& metric) {
  ottl::forget_metadata(&metric.record, metric.scratch);
  if (metric.record.type() == Type::kNone) return {};
  return ottl::aggregate_points(metric.item, &metric.record, aggregation, metric.scratch);
}

}  // namespace millrace::processors::metricstransform
