// The editors of metrics and data points that add no metric.
#include "ottl/metric_editors.h"

#include <algorithm>
#include <cmath>

#include "ottl/arguments.h"
#include "ottl/conversion.h"
#include "ottl/converters.h"
#include "ottl/edited_map.h"
#include "ottl/histogram_conversion.h"
#include "ottl/metric_aggregation.h"
#include "ottl/metric_points.h"
#include "ottl/metric_scaling.h"
#include "ottl/wire_values.h"

namespace millrace::ottl {

int64_t temporality_of(std::string_view name) { return name == "delta" ? 1 : 2; }

namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;
using Type = otlp::MetricType;

Record& metric_of(Arguments& arguments) {
  return arguments.evaluation().item().at(Context::kMetric);
}

Done convert_gauge_to_sum(Arguments& arguments) {
  Record& metric = metric_of(arguments);
  if (metric.type() != Type::kGauge) return {};
  metric.change_type(Type::kSum);
  const int64_t temporality = temporality_of(arguments.literal(0, ""));
  metric.write(Field::kAggregationTemporality, Value::of_int(temporality), arguments.scratch());
  metric.write(Field::kIsMonotonic, Value::of_bool(arguments.flag(1, false)), arguments.scratch());
  return {};
}

Done convert_sum_to_gauge(Arguments& arguments) {
  Record& metric = metric_of(arguments);
  if (metric.type() == Type::kSum) metric.change_type(Type::kGauge);
  return {};
}

Done scale_metric(Arguments& arguments) {
  Record& metric = metric_of(arguments);
  Scratch& scratch = arguments.scratch();
  const double factor = arguments.node(0).constant.real;
  std::optional<Value> unit;
  if (arguments.has(1)) {
    const auto given = arguments.value(1, V::kString);
    if (!given) return error(given.error());
    unit = *given;
  }
  if (metric.type() == Type::kNone) return error("the metric has no type");
  if (metric.type() == Type::kExponentialHistogram) {
    return error("an exponential histogram cannot be scaled");
  }
  const auto done =
      edit_points(arguments.evaluation().item(), &metric, scratch, [&](Record& point) -> Done {
        scale_point(factor, &point, scratch);
        return {};
      });
  if (done && unit) metric.write(Field::kUnit, *unit, scratch);
  return done;
}

Done aggregate(Arguments& arguments, const PointEdit& edit) {
  Record& metric = metric_of(arguments);
  if (metric.type() == Type::kSummary) return error("the points of a summary cannot be added up");
  const Item& item = arguments.evaluation().item();
  if (edit != nullptr) {
    if (auto done = edit_points(item, &metric, arguments.scratch(), edit); !done) return done;
  }
  forget_metadata(&metric, arguments.scratch());
  return aggregate_points(item, &metric, find_aggregation(arguments.literal(0, "")),
                          arguments.scratch());
}

Done aggregate_on_attributes(Arguments& arguments) {
  if (!arguments.has(1)) return aggregate(arguments, nullptr);
  const auto is_wanted = [&](std::string_view key) {
    return std::ranges::any_of(arguments.node(1).children,
                               [&](const Node& node) { return node.constant.text == key; });
  };
  return aggregate(arguments, [&](Record& point) -> Done {
    Value* const attributes = point.change(Field::kAttributes, arguments.scratch(), to_edited_map);
    if (attributes == nullptr) return {};
    const auto is_removed = [&](std::string_view key) { return !is_wanted(key); };
    if (!remove_keys(attributes->map, is_removed, arguments.scratch())) {
      return error(std::string(kTooMuchData));
    }
    return {};
  });
}

Done aggregate_on_attribute_value(Arguments& arguments) {
  const std::string_view key = arguments.literal(1, "");
  const Value new_value = arguments.node(3).constant;
  return aggregate(arguments, [&](Record& point) -> Done {
    const auto present = find_entry(point.read(Field::kAttributes, arguments.scratch()), key);
    const bool is_replaced =
        present && std::ranges::any_of(arguments.node(2).children, [&](const Node& node) {
          return node.constant.text == (present->is(V::kString) ? present->text : "");
        });
    if (!is_replaced) return {};
    Value* const attributes = point.change(Field::kAttributes, arguments.scratch(), to_edited_map);
    if (attributes == nullptr) return {};
    Value* const entry = edit_entry(attributes->map, key, arguments.scratch());
    if (entry != nullptr) *entry = new_value;
    return {};
  });
}

Done convert_exponential_histogram(Arguments& arguments) {
  Record& metric = metric_of(arguments);
  Scratch& scratch = arguments.scratch();
  if (metric.type() != Type::kExponentialHistogram) return {};
  std::vector<double> bounds;
  for (const Node& bound : arguments.node(1).children) bounds.push_back(bound.constant.real);
  const Item& item = arguments.evaluation().item();
  const Value temporality = metric.read(Field::kAggregationTemporality, scratch);
  PointWriter out(item, scratch);
  for (const otlp::MessageBytes bytes : points_of(metric, scratch)) {
    const Record point = point_record(bytes, metric.type());
    const auto converted =
        to_explicit_histogram(point, arguments.literal(0, ""), bounds, item.random, scratch);
    if (!converted) return error(converted.error());
    if (!out.add(*converted)) break;
  }
  metric.change_type(Type::kHistogram);
  metric.write(Field::kAggregationTemporality, temporality, scratch);
  metric.write(Field::kDataPoints, out.finish(), scratch);
  forget_metadata(&metric, scratch);
  return {};
}

struct Buckets {
  List* bounds;
  List* counts;
};

// Null lists: bounds and counts do not fit together, or there is one bucket only.
Buckets own_buckets(const Record& point, Scratch& scratch) {
  const Value bounds = copy_value(point.read(Field::kExplicitBounds, scratch), scratch);
  const Value counts = copy_value(point.read(Field::kBucketCounts, scratch), scratch);
  const size_t count = counts.list->elements.size();
  if (count <= 1 || bounds.list->elements.size() + 1 != count) return {nullptr, nullptr};
  return {bounds.list, counts.list};
}

void add_to(const Value& more, Value* into) {
  into->number = static_cast<int64_t>(static_cast<uint64_t>(into->number) +
                                      static_cast<uint64_t>(more.number));
}

bool remove_bound(double bound, Buckets* buckets) {
  constexpr double kEpsilon = 1e-12;
  auto& bounds = buckets->bounds->elements;
  const auto found = std::ranges::find_if(
      bounds, [&](const Value& value) { return std::fabs(value.real - bound) < kEpsilon; });
  if (found == bounds.end()) return false;
  const auto removed = buckets->counts->elements.begin() + (found - bounds.begin());
  add_to(*removed, &*std::next(removed));
  buckets->counts->elements.erase(removed);
  bounds.erase(found);
  return true;
}

bool limit_buckets(size_t count_max, Buckets* buckets) {
  auto& bounds = buckets->bounds->elements;
  auto& counts = buckets->counts->elements;
  if (counts.size() <= count_max) return false;
  for (size_t i = 1; i < bounds.size(); i++) {
    if (!(bounds[i].real > bounds[i - 1].real)) return false;
  }
  const size_t divisor = (counts.size() - 1) / count_max + 1;
  std::vector<Value> fewer_counts;
  std::vector<Value> fewer_bounds;
  for (size_t i = 0; i < counts.size(); i++) {
    if (i % divisor == 0) {
      fewer_counts.push_back(counts[i]);
    } else {
      add_to(counts[i], &fewer_counts.back());
    }
  }
  for (size_t i = divisor - 1; i < bounds.size(); i += divisor) fewer_bounds.push_back(bounds[i]);
  counts = std::move(fewer_counts);
  bounds = std::move(fewer_bounds);
  return true;
}

Done merge_histogram_buckets(Arguments& arguments) {
  Record& point = arguments.evaluation().item().at(Context::kDataPoint);
  if (point.type() != Type::kHistogram) return {};
  const auto target = arguments.number_like(0);
  if (!target) return error(target.error());
  if (!*target) return error("the target must not be nil");
  const bool limits = arguments.literal(1, "") == "limit_buckets";
  const double number = **target;
  if (limits && !(number >= 1 && number < 9.2e18 && std::trunc(number) == number)) {
    return error("the target must be a positive integer");
  }
  Scratch& scratch = arguments.scratch();
  Buckets buckets = own_buckets(point, scratch);
  if (buckets.bounds == nullptr) return {};
  const bool is_changed = limits ? limit_buckets(static_cast<size_t>(number), &buckets)
                                 : remove_bound(number, &buckets);
  if (!is_changed) return {};
  point.write(Field::kExplicitBounds, Value::of_list(buckets.bounds), scratch);
  point.write(Field::kBucketCounts, Value::of_list(buckets.counts), scratch);
  return {};
}

constexpr EditorRow kEditors[] = {
    {F::kConvertGaugeToSum, convert_gauge_to_sum},
    {F::kConvertSumToGauge, convert_sum_to_gauge},
    {F::kScaleMetric, scale_metric},
    {F::kAggregateOnAttributes, aggregate_on_attributes},
    {F::kAggregateOnAttributeValue, aggregate_on_attribute_value},
    {F::kConvertExponentialHistogramToHistogram, convert_exponential_histogram},
    {F::kMergeHistogramBuckets, merge_histogram_buckets},
};

}  // namespace

std::span<const EditorRow> metric_editors() { return kEditors; }

}  // namespace millrace::ottl
