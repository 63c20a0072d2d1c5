// The editors that add a metric to the scope.
#include <fmt/format.h>

#include "ottl/arguments.h"
#include "ottl/converters.h"
#include "ottl/histogram_conversion.h"
#include "ottl/metric_editors.h"
#include "ottl/metric_points.h"
#include "ottl/record_writer.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;
using Done = Evaluated<void>;
using Type = otlp::MetricType;

bool is_histogram(Type type) {
  return type == Type::kHistogram || type == Type::kExponentialHistogram;
}

Done add_metric(Arguments& arguments, const Record& metric) {
  const Item& item = arguments.evaluation().item();
  if (item.added_metrics == nullptr) return error("no metric can be added here");
  wire::Writer writer;
  if (metric.is_changed()) {
    write_record(metric, &writer);
  } else {
    writer.raw(metric.bytes());
  }
  if (!item.added_metrics->add(writer.view())) return error("there is no room for another metric");
  return {};
}

// A metric in the making that takes its texts from another one.
class Extraction {
 public:
  Extraction(Arguments& arguments, Type type)
      : arguments_(arguments),
        from_(arguments.evaluation().item().at(Context::kMetric)),
        made_(Context::kMetric, {}, {}, type),
        points_(arguments.evaluation().item(), arguments.scratch()) {}

  const Record& from() const { return from_; }
  Scratch& scratch() { return arguments_.scratch(); }

  void set_texts(std::string_view suffix, const Value& description, const Value& unit) {
    const std::string name =
        std::string(from_.read(Field::kName, scratch()).text) + std::string(suffix);
    made_.write(Field::kName, arguments_.keep(name), scratch());
    made_.write(Field::kDescription, description, scratch());
    made_.write(Field::kUnit, unit, scratch());
  }
  void set_sum(int64_t temporality, bool is_monotonic) {
    made_.write(Field::kAggregationTemporality, Value::of_int(temporality), scratch());
    made_.write(Field::kIsMonotonic, Value::of_bool(is_monotonic), scratch());
  }
  // A point with the attributes and times of another one.
  void add_point(const Record& like, const Value& number, const Value& attributes) {
    Record point = point_record({}, Type::kGauge);
    point.write(Field::kAttributes, attributes, scratch());
    for (const Field field : {Field::kStartTimeUnixNano, Field::kTimeUnixNano}) {
      point.write(field, like.read(field, scratch()), scratch());
    }
    set_number(number, &point, scratch());
    points_.add(point);
  }
  void add_point(const Record& like, const Value& number) {
    add_point(like, number, like.read(Field::kAttributes, scratch()));
  }
  bool is_empty() const { return points_.is_empty(); }

  Done finish() {
    made_.write(Field::kDataPoints, points_.finish(), scratch());
    return add_metric(arguments_, made_);
  }

 private:
  Arguments& arguments_;
  const Record& from_;
  Record made_;
  PointWriter points_;
};

// The sums or the counts of histograms and summaries.
Done extract_field(Arguments& arguments, Field field) {
  Extraction made(arguments, Type::kSum);
  const Record& from = made.from();
  Scratch& scratch = arguments.scratch();
  int64_t temporality = 0;
  if (is_histogram(from.type())) {
    temporality = from.read(Field::kAggregationTemporality, scratch).number;
  } else if (from.type() == Type::kSummary) {
    temporality = temporality_of("cumulative");
  }
  if (temporality == 0) {
    return error("the metric must be a histogram or a summary and have a temporality");
  }
  const bool is_sum = field == Field::kSum;
  made.set_texts(arguments.literal(1, is_sum ? "_sum" : "_count"),
                 from.read(Field::kDescription, scratch),
                 is_sum ? from.read(Field::kUnit, scratch) : Value::of_string("1"));
  made.set_sum(temporality, arguments.flag(0, false));
  for (const otlp::MessageBytes bytes : points_of(from, scratch)) {
    const Record point = point_record(bytes, from.type());
    const bool is_absent = is_sum && is_histogram(from.type()) && !has_field(point, field);
    if (!is_absent) made.add_point(point, point.read(field, scratch));
  }
  if (made.is_empty()) return {};
  return made.finish();
}

// In the context of data points: the whole summary for each of its points, as in otelcol.
Done convert_summary(Arguments& arguments, Field field) {
  Extraction made(arguments, Type::kSum);
  const Record& from = made.from();
  Scratch& scratch = arguments.scratch();
  if (from.type() != Type::kSummary) return {};
  made.set_texts(arguments.literal(2, field == Field::kSum ? "_sum" : "_count"),
                 from.read(Field::kDescription, scratch), from.read(Field::kUnit, scratch));
  made.set_sum(temporality_of(arguments.literal(0, "")), arguments.flag(1, false));
  for (const otlp::MessageBytes bytes : points_of(from, scratch)) {
    const Record point = point_record(bytes, from.type());
    made.add_point(point, point.read(field, scratch));
  }
  return made.finish();
}

Done convert_summary_quantiles(Arguments& arguments) {
  Extraction made(arguments, Type::kGauge);
  const Record& from = made.from();
  Scratch& scratch = arguments.scratch();
  if (from.type() != Type::kSummary) return {};
  const std::string_view key = arguments.literal(0, "quantile");
  made.set_texts(arguments.literal(1, ".quantiles"), from.read(Field::kDescription, scratch),
                 from.read(Field::kUnit, scratch));
  for (const otlp::MessageBytes bytes : points_of(from, scratch)) {
    const Record point = point_record(bytes, from.type());
    const Value quantiles = point.read(Field::kQuantileValues, scratch);
    otlp::MessageReader reader(quantiles.wire, quantiles.field_number);
    for (otlp::MessageBytes quantile; reader.next(&quantile) && !scratch.failed();) {
      double numbers[2] = {0, 0};  // ValueAtQuantile.quantile and value
      wire::FieldReader fields(quantile);
      for (wire::Field field; fields.next(&field);) {
        if (field.number == 1 || field.number == 2) numbers[field.number - 1] = field.as_double();
      }
      Map* const attributes = scratch.make_map();
      attributes->entries = to_own_map(point.read(Field::kAttributes, scratch), scratch)->entries;
      attributes->erase(key);
      attributes->entries.push_back({key, Value::of_double(numbers[0])});
      made.add_point(point, Value::of_double(numbers[1]), Value::of_map(attributes));
    }
  }
  return made.finish();
}

Done extract_percentile(Arguments& arguments) {
  Extraction made(arguments, Type::kGauge);
  const Record& from = made.from();
  Scratch& scratch = arguments.scratch();
  if (!is_histogram(from.type())) return {};
  const double percentile = arguments.node(0).constant.real;
  const std::string name = fmt::format("p{:g}", percentile);
  const std::string_view before = from.read(Field::kDescription, scratch).text;
  const std::string description = before.empty() ? name : std::string(before) + " (" + name + ")";
  const std::string_view given = arguments.literal(1, "");
  made.set_texts(given.empty() ? "_" + name : std::string(given), arguments.keep(description),
                 from.read(Field::kUnit, scratch));
  for (const otlp::MessageBytes bytes : points_of(from, scratch)) {
    const Record point = point_record(bytes, from.type());
    const auto value = percentile_of(point, percentile, scratch);
    if (!value) return error(value.error());
    if (*value) made.add_point(point, Value::of_double(**value));
  }
  if (made.is_empty()) return {};
  return made.finish();
}

Done copy_metric(Arguments& arguments) {
  Record copy = arguments.evaluation().item().at(Context::kMetric);
  static constexpr Field kFields[] = {Field::kName, Field::kDescription, Field::kUnit};
  for (size_t i = 0; i < std::size(kFields); i++) {
    if (!arguments.has(i)) continue;
    const auto text = arguments.value(i, V::kString);
    if (!text) return error(text.error());
    copy.write(kFields[i], *text, arguments.scratch());
  }
  return add_metric(arguments, copy);
}

constexpr EditorRow kEditors[] = {
    {F::kCopyMetric, copy_metric},
    {F::kExtractSumMetric, [](Arguments& a) { return extract_field(a, Field::kSum); }},
    {F::kExtractCountMetric, [](Arguments& a) { return extract_field(a, Field::kCount); }},
    {F::kExtractPercentileMetric, extract_percentile},
    {F::kConvertSummarySumValToSum, [](Arguments& a) { return convert_summary(a, Field::kSum); }},
    {F::kConvertSummaryCountValToSum,
     [](Arguments& a) { return convert_summary(a, Field::kCount); }},
    {F::kConvertSummaryQuantileValToGauge, convert_summary_quantiles},
};

}  // namespace

std::span<const EditorRow> metric_extractors() { return kEditors; }

}  // namespace millrace::ottl
