#include "ottl/metric_aggregation.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "ottl/conversion.h"
#include "ottl/metric_points.h"
#include "ottl/record_writer.h"
#include "ottl/wire_values.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;
using Points = std::vector<Record>;

void append_number(int64_t number, std::string* key) { *key += std::to_string(number) + ","; }

// Points with the same key form a group.
std::string group_key(const Record& point, bool by_start_time, Scratch& scratch) {
  std::string key;
  append_json(point.read(Field::kAttributes, scratch), &key);
  append_number(point.read(Field::kTimeUnixNano, scratch).number, &key);
  if (by_start_time) append_number(point.read(Field::kStartTimeUnixNano, scratch).number, &key);
  if (point.type() == otlp::MetricType::kGauge || point.type() == otlp::MetricType::kSum) {
    return key;
  }
  if (point.type() == otlp::MetricType::kHistogram) {
    append_json(point.read(Field::kExplicitBounds, scratch), &key);
  } else {
    append_number(point.read(Field::kScale, scratch).number, &key);
  }
  append_number(has_field(point, Field::kMin) ? 1 : 0, &key);
  append_number(has_field(point, Field::kMax) ? 1 : 0, &key);
  append_number(point.read(Field::kFlags, scratch).number, &key);
  return key;
}

double to_double(const Value& number) {
  return number.is(V::kInt) ? static_cast<double>(number.number) : number.real;
}
int64_t to_int(const Value& number) {
  return number.is(V::kDouble) ? to_int64(number.real) : number.number;
}

int64_t half(int64_t a, int64_t b) {  // the sum may wrap, as in otelcol
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)) / 2;
}
double half(double a, double b) { return (a + b) / 2; }

template <class Number>
Number median(std::vector<Number> numbers) {
  std::ranges::sort(numbers);
  const size_t middle = numbers.size() / 2;
  if (numbers.size() % 2 != 0) return numbers[middle];
  return half(numbers[middle - 1], numbers[middle]);
}

double aggregate_doubles(const std::vector<double>& numbers, Aggregation aggregation) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  switch (aggregation) {
    case Aggregation::kSum:
      return sum;
    case Aggregation::kMean:
      return sum / static_cast<double>(numbers.size());
    case Aggregation::kMax:
      return *std::ranges::max_element(numbers);
    case Aggregation::kMin:
      return *std::ranges::min_element(numbers);
    case Aggregation::kMedian:
      return median(numbers);
    case Aggregation::kCount:
      // As in otelcol, a point that is alone keeps its value.
      return numbers.size() == 1 ? numbers[0] : static_cast<double>(numbers.size());
    case Aggregation::kFirst:
      return numbers[0];
  }
  return sum;
}

int64_t aggregate_ints(const std::vector<int64_t>& numbers, Aggregation aggregation) {
  uint64_t sum = 0;
  for (const int64_t number : numbers) sum += static_cast<uint64_t>(number);
  const auto count = static_cast<int64_t>(numbers.size());
  switch (aggregation) {
    case Aggregation::kSum:
      return static_cast<int64_t>(sum);
    case Aggregation::kMean:
      return static_cast<int64_t>(sum) / count;
    case Aggregation::kMax:
      return *std::ranges::max_element(numbers);
    case Aggregation::kMin:
      return *std::ranges::min_element(numbers);
    case Aggregation::kMedian:
      return median(numbers);
    case Aggregation::kCount:
      return count == 1 ? numbers[0] : count;
    case Aggregation::kFirst:
      return numbers[0];
  }
  return count;
}

// The type of the first point is the type of the result.
void merge_numbers(const Points& points, Aggregation aggregation, Record* into, Scratch& scratch) {
  const Value first = number_of(points[0], scratch);
  if (first.is(V::kDouble)) {
    std::vector<double> numbers;
    for (const Record& point : points) numbers.push_back(to_double(number_of(point, scratch)));
    set_number(Value::of_double(aggregate_doubles(numbers, aggregation)), into, scratch);
  } else if (first.is(V::kInt)) {
    const bool adds = aggregation == Aggregation::kSum || aggregation == Aggregation::kMean;
    std::vector<int64_t> numbers;
    for (const Record& point : points) {
      const Value number = number_of(point, scratch);
      // As in otelcol, a double adds nothing to integers.
      numbers.push_back(adds ? number.number : to_int(number));
    }
    set_number(Value::of_int(aggregate_ints(numbers, aggregation)), into, scratch);
  }
}

void merge_start_time(const Points& points, Record* into, Scratch& scratch) {
  const auto start_of = [&](const Record& point) {
    return static_cast<uint64_t>(point.read(Field::kStartTimeUnixNano, scratch).number);
  };
  uint64_t first = start_of(*into);
  for (const Record& point : points) first = std::min(first, start_of(point));
  if (first == start_of(*into)) return;
  into->write(Field::kStartTimeUnixNano, Value::of_int(static_cast<int64_t>(first)), scratch);
}

// Sums, counts, limits and exemplars of the points of a histogram that counted something.
void merge_totals(const Points& points, Record* into, Scratch& scratch) {
  uint64_t count = 0;
  double sum = 0;
  double min = into->read(Field::kMin, scratch).real;
  double max = into->read(Field::kMax, scratch).real;
  const Value first = points[0].read(Field::kExemplars, scratch);
  wire::Writer exemplars;
  for (const Record& point : points) {
    count += static_cast<uint64_t>(point.read(Field::kCount, scratch).number);
    sum += point.read(Field::kSum, scratch).real;
    min = std::min(min, point.read(Field::kMin, scratch).real);
    max = std::max(max, point.read(Field::kMax, scratch).real);
    const Value more = point.read(Field::kExemplars, scratch);
    otlp::MessageReader reader(more.wire, more.field_number);
    for (otlp::MessageBytes exemplar; reader.next(&exemplar);) {
      if (!scratch.charge(exemplar.size())) break;
      exemplars.bytes_field(first.field_number, exemplar);
    }
  }
  into->write(Field::kCount, Value::of_int(static_cast<int64_t>(count)), scratch);
  into->write(Field::kSum, Value::of_double(sum), scratch);
  if (has_field(*into, Field::kMin)) into->write(Field::kMin, Value::of_double(min), scratch);
  if (has_field(*into, Field::kMax)) into->write(Field::kMax, Value::of_double(max), scratch);
  into->write(Field::kExemplars,
              messages_of(Field::kExemplars, as_span(scratch.keep(exemplars.to_string())),
                          first.field_number),
              scratch);
}

void add_to(uint64_t more, Value* into) {
  into->number = static_cast<int64_t>(static_cast<uint64_t>(into->number) + more);
}

void merge_explicit_buckets(const Points& points, Record* into, Scratch& scratch) {
  const Value counts = copy_value(points[0].read(Field::kBucketCounts, scratch), scratch);
  for (size_t i = 1; i < points.size(); i++) {
    const Value more = points[i].read(Field::kBucketCounts, scratch);
    const size_t size = std::min(more.list->elements.size(), counts.list->elements.size());
    for (size_t b = 0; b < size; b++) {
      add_to(static_cast<uint64_t>(more.list->elements[b].number), &counts.list->elements[b]);
    }
  }
  into->write(Field::kBucketCounts, counts, scratch);
}

// Buckets of the same scale, aligned by their offsets.
Evaluated<void> merge_exponential_buckets(const Points& points, Field offset_field,
                                          Field counts_field, Record* into, Scratch& scratch) {
  struct Buckets {
    int64_t offset;
    const std::vector<Value>* counts;
  };
  std::vector<Buckets> all;
  int64_t begin = INT64_MAX;
  int64_t end = INT64_MIN;
  for (const Record& point : points) {
    const int64_t offset = point.read(offset_field, scratch).number;
    const Value counts = point.read(counts_field, scratch);
    const auto size = static_cast<int64_t>(counts.list->elements.size());
    if (size == 0) continue;
    all.push_back({offset, &counts.list->elements});
    begin = std::min(begin, offset);
    end = std::max(end, offset + size);
  }
  if (all.empty()) return {};
  const auto size = static_cast<size_t>(end - begin);
  if (size > Scratch::kBytesMax / sizeof(Value) || !scratch.charge(2 * size * sizeof(Value))) {
    return error("the buckets lie too far apart to be added up");
  }
  List* const merged = scratch.make_list();
  merged->elements.resize(size, Value::of_int(0));
  for (const Buckets& buckets : all) {
    auto at = static_cast<size_t>(buckets.offset - begin);
    for (const Value& count : *buckets.counts) {
      add_to(static_cast<uint64_t>(count.number), &merged->elements[at++]);
    }
  }
  into->write(offset_field, Value::of_int(begin), scratch);
  into->write(counts_field, Value::of_list(merged), scratch);
  return {};
}

Evaluated<void> merge_exponential(const Points& points, Record* into, Scratch& scratch) {
  uint64_t zero_count = 0;
  for (const Record& point : points) {
    zero_count += static_cast<uint64_t>(point.read(Field::kZeroCount, scratch).number);
  }
  into->write(Field::kZeroCount, Value::of_int(static_cast<int64_t>(zero_count)), scratch);
  const auto positive = merge_exponential_buckets(points, Field::kPositiveOffset,
                                                  Field::kPositiveBucketCounts, into, scratch);
  if (!positive) return positive;
  return merge_exponential_buckets(points, Field::kNegativeOffset, Field::kNegativeBucketCounts,
                                   into, scratch);
}

Evaluated<void> merge(const Points& group, Aggregation aggregation, Record* into,
                      Scratch& scratch) {
  if (group.size() == 1) return {};
  if (into->type() == otlp::MetricType::kGauge || into->type() == otlp::MetricType::kSum) {
    merge_numbers(group, aggregation, into, scratch);
    merge_start_time(group, into, scratch);
    return {};
  }
  Points counted = {group[0]};
  for (size_t i = 1; i < group.size(); i++) {
    if (group[i].read(Field::kCount, scratch).number != 0) counted.push_back(group[i]);
  }
  merge_totals(counted, into, scratch);
  merge_start_time(counted, into, scratch);
  if (into->type() == otlp::MetricType::kExponentialHistogram) {
    return merge_exponential(counted, into, scratch);
  }
  merge_explicit_buckets(counted, into, scratch);
  return {};
}

}  // namespace

Aggregation find_aggregation(std::string_view name) {
  static constexpr std::string_view kNames[] = {"sum", "max", "min", "mean", "median", "count"};
  return static_cast<Aggregation>(std::ranges::find(kNames, name) - kNames);
}

Evaluated<void> aggregate_points(const Item& item, Record* metric, Aggregation aggregation,
                                 Scratch& scratch) {
  if (metric->type() == otlp::MetricType::kSummary) {
    return error("the points of a summary cannot be added up");
  }
  constexpr int64_t kDelta = 1;
  const Value temporality = metric->read(Field::kAggregationTemporality, scratch);
  const bool by_start_time = temporality.is(V::kInt) && temporality.number == kDelta;
  std::vector<Points> groups;
  std::unordered_map<std::string, size_t> index;
  for (const otlp::MessageBytes bytes : points_of(*metric, scratch)) {
    Record point = point_record(bytes, metric->type());
    std::string key = group_key(point, by_start_time, scratch);
    if (!scratch.charge(2 * (key.size() + sizeof(Record)))) return {};
    const auto [group, is_new] = index.try_emplace(std::move(key), groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(std::move(point));
  }
  PointWriter out(item, scratch);
  for (const Points& group : groups) {
    Record merged = group[0];
    if (auto done = merge(group, aggregation, &merged, scratch); !done) return done;
    if (!out.add(merged)) return {};
  }
  metric->write(Field::kDataPoints, out.finish(), scratch);
  return {};
}

}  // namespace millrace::ottl
