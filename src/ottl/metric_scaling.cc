#include "ottl/metric_scaling.h"

#include <cmath>
#include <cstdint>
#include <numbers>

#include "ottl/conversion.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;
using Type = otlp::MetricType;

// A field of a point, where it is there.
void scale_field(Field field, double factor, Record* point, Scratch& scratch) {
  if (!has_field(*point, field)) return;
  const double scaled = point->read(field, scratch).real * factor;
  point->write(field, Value::of_double(scaled), scratch);
}

void scale_number(double factor, Record* point, Scratch& scratch) {
  Value number = number_of(*point, scratch);
  if (number.is_nil()) return;
  if (number.is(V::kInt)) {
    number.number = to_int64(static_cast<double>(number.number) * factor);
  } else {
    number.real *= factor;
  }
  set_number(number, point, scratch);
}

void scale_exemplars(double factor, Record* point, Scratch& scratch) {
  const Value exemplars = point->read(Field::kExemplars, scratch);
  point->write(Field::kExemplars, scale_messages(exemplars, {3, 6}, factor, scratch), scratch);
}

void scale_histogram(double factor, Record* point, Scratch& scratch) {
  for (const Field field : {Field::kSum, Field::kMin, Field::kMax}) {
    scale_field(field, factor, point, scratch);
  }
  const Value bounds = copy_value(point->read(Field::kExplicitBounds, scratch), scratch);
  for (Value& bound : bounds.list->elements) bound.real *= factor;
  if (!bounds.list->elements.empty()) point->write(Field::kExplicitBounds, bounds, scratch);
  scale_exemplars(factor, point, scratch);
}

void scale_summary(double factor, Record* point, Scratch& scratch) {
  scale_field(Field::kSum, factor, point, scratch);
  const Value quantiles = point->read(Field::kQuantileValues, scratch);
  point->write(Field::kQuantileValues, scale_messages(quantiles, {2, 0}, factor, scratch), scratch);
}

// As Go does it on amd64: what is out of range becomes the least integer.
int64_t to_int32(double number) {
  return number >= INT32_MIN && number <= INT32_MAX ? static_cast<int64_t>(number) : INT32_MIN;
}

// Where the middle of bucket `offset` lies when it is multiplied.
int64_t scaled_offset(double factor, int64_t scale, int64_t offset) {
  const double base = std::exp2(std::exp2(static_cast<double>(-scale)));
  const double middle = (std::pow(base, static_cast<double>(offset)) +
                         std::pow(base, static_cast<double>(offset + 1))) /
                        2;
  const double per_octave = std::ldexp(std::numbers::log2e, static_cast<int>(scale));
  return to_int32(std::ceil(std::log(middle * factor) * per_octave) - 1);
}

}  // namespace

void scale_point(double factor, Record* point, Scratch& scratch) {
  if (point->type() == Type::kHistogram) {
    scale_histogram(factor, point, scratch);
  } else if (point->type() == Type::kSummary) {
    scale_summary(factor, point, scratch);
  } else {
    scale_number(factor, point, scratch);
  }
}

void scale_exponential_point(double factor, Record* point, Scratch& scratch) {
  for (const Field field : {Field::kSum, Field::kMin, Field::kMax, Field::kZeroThreshold}) {
    scale_field(field, factor, point, scratch);
  }
  const int64_t scale = point->read(Field::kScale, scratch).number;
  constexpr std::pair<Field, Field> kBuckets[] = {
      {Field::kPositiveOffset, Field::kPositiveBucketCounts},
      {Field::kNegativeOffset, Field::kNegativeBucketCounts}};
  for (const auto& [offset_field, counts_field] : kBuckets) {
    if (count_elements(point->read(counts_field, scratch)) == 0) continue;
    const int64_t offset = point->read(offset_field, scratch).number;
    point->write(offset_field, Value::of_int(scaled_offset(factor, scale, offset)), scratch);
  }
  scale_exemplars(factor, point, scratch);
}

}  // namespace millrace::ottl
