// The functions of conditions on metrics that look at data points.
#include "ottl/arguments.h"
#include "ottl/converters.h"

namespace millrace::ottl {
namespace {

using F = Function;
using V = Value::Type;

// The first data point that has the attribute decides, as in otelcol.
Evaluated<Value> has_attribute(Arguments& arguments, bool compares) {
  const Record& metric = arguments.evaluation().item().at(Context::kMetric);
  if (metric.type() == otlp::MetricType::kNone) return std::unexpected("the metric has no type");
  const std::string_view key = arguments.literal(0, "");
  const Value points = metric.read(Field::kDataPoints, arguments.scratch());
  otlp::MessageReader reader(points.wire, points.field_number);
  for (otlp::MessageBytes point; reader.next(&point);) {
    const auto value =
        find_entry(Value::of_attributes(point, otlp::point_attributes(metric.type())), key);
    if (!value) continue;
    if (!compares) return Value::of_bool(true);
    // A value of another type is taken as empty text.
    const std::string_view text = value->is(V::kString) ? value->text : std::string_view();
    return Value::of_bool(text == arguments.literal(1, ""));
  }
  return Value::of_bool(false);
}

constexpr ConverterRow kConverters[] = {
    {F::kHasAttrKeyOnDatapoint, [](Arguments& a) { return has_attribute(a, false); }},
    {F::kHasAttrOnDatapoint, [](Arguments& a) { return has_attribute(a, true); }},
};

}  // namespace

std::span<const ConverterRow> metric_converters() { return kConverters; }

}  // namespace millrace::ottl
