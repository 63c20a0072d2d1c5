#include "ottl/metric_points.h"

#include <bit>

#include "ottl/conversion.h"
#include "ottl/record_writer.h"
#include "ottl/wire_values.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

constexpr size_t kPointUnits = 100;  // of a Pace

}  // namespace

std::vector<otlp::MessageBytes> points_of(const Record& metric, Scratch& scratch) {
  std::vector<otlp::MessageBytes> points;
  const Value messages = metric.read(Field::kDataPoints, scratch);
  if (messages.is_nil()) return points;
  otlp::MessageReader reader(messages.wire, messages.field_number);
  for (otlp::MessageBytes point; reader.next(&point);) {
    if (!scratch.charge(2 * sizeof(point))) break;
    points.push_back(point);
  }
  return points;
}

Record point_record(otlp::MessageBytes point, otlp::MetricType type) {
  return {Context::kDataPoint, point, {}, type};
}

bool has_field(const Record& point, Field field) {
  const WireField* const known = find_wire_field(Context::kDataPoint, point.type(), field);
  if (known == nullptr) return false;
  for (const FieldChange& change : point.changes()) {
    if (change.field == field) return true;
  }
  wire::FieldReader fields(point.bytes());
  for (wire::Field part; fields.next(&part);) {
    if (part.number == known->number) return true;
  }
  return false;
}

Value number_of(const Record& point, Scratch& scratch) {
  Field member = Field::kType;
  wire::FieldReader fields(point.bytes());
  for (wire::Field part; fields.next(&part);) {
    if (part.number == 4) member = Field::kValueDouble;
    if (part.number == 6) member = Field::kValueInt;
  }
  return member == Field::kType ? Value() : point.read(member, scratch);
}

void set_number(const Value& number, Record* point, Scratch& scratch) {
  point->write(number.is(V::kInt) ? Field::kValueInt : Field::kValueDouble, number, scratch);
}

bool PointWriter::add(const Record& point) {
  if (item_.pace != nullptr) item_.pace->step(kPointUnits);
  const size_t size_max = point.bytes().size() + (point.is_changed() ? changes_size_max(point) : 0);
  if (!scratch_.charge(size_max)) return false;
  const auto content = writer_.open(otlp::kDataPoints, point.bytes().size());
  if (point.is_changed()) {
    write_record(point, &writer_);
  } else {
    writer_.raw(point.bytes());
  }
  writer_.close(content);
  return true;
}

Value PointWriter::finish() {
  return messages_of(Field::kDataPoints, as_span(scratch_.keep(writer_.to_string())),
                     otlp::kDataPoints);
}

Evaluated<void> edit_points(const Item& item, Record* metric, Scratch& scratch,
                            const PointEdit& edit) {
  PointWriter out(item, scratch);
  for (const otlp::MessageBytes bytes : points_of(*metric, scratch)) {
    Record point = point_record(bytes, metric->type());
    if (auto done = edit(point); !done) return done;
    if (!out.add(point)) break;
  }
  metric->write(Field::kDataPoints, out.finish(), scratch);
  return {};
}

void forget_metadata(Record* metric, Scratch& scratch) {
  if (count_entries(metric->read(Field::kMetadata, scratch)) > 0) {
    metric->write(Field::kMetadata, Value(), scratch);
  }
}

Value scale_messages(const Value& messages, const ScaledFields& fields, double factor,
                     Scratch& scratch) {
  wire::Writer writer;
  otlp::MessageReader reader(messages.wire, messages.field_number);
  for (otlp::MessageBytes message; reader.next(&message);) {
    if (!scratch.charge(message.size())) break;
    const auto content = writer.open(messages.field_number, message.size());
    wire::FieldReader parts(message);
    for (wire::Field part; parts.next(&part);) {
      if (part.type == wire::WireType::kI64 && part.number == fields.double_number) {
        writer.double_field(part.number, part.as_double() * factor);
      } else if (part.type == wire::WireType::kI64 && part.number == fields.int_number) {
        const double scaled = static_cast<double>(static_cast<int64_t>(part.value)) * factor;
        writer.fixed64_field(part.number, static_cast<uint64_t>(to_int64(scaled)));
      } else {
        writer.raw(part.whole);
      }
    }
    writer.close(content);
  }
  Value scaled = messages;
  scaled.wire = as_span(scratch.keep(writer.to_string()));
  return scaled;
}

}  // namespace millrace::ottl
