// The data points of a metric as editors see and rewrite them. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ottl/evaluation.h"
#include "wire/writer.h"

namespace millrace::ottl {

// The content of each data point, as received or as an editor made it.
std::vector<otlp::MessageBytes> points_of(const Record& metric, Scratch& scratch);
Record point_record(otlp::MessageBytes point, otlp::MetricType type);

bool has_field(const Record& point, Field field);
// The integer or the double of a point of a gauge or a sum; nil when it has neither.
Value number_of(const Record& point, Scratch& scratch);
void set_number(const Value& number, Record* point, Scratch& scratch);

// Data points in the making: kept as one message, whose field 1 they are.
class PointWriter {
 public:
  explicit PointWriter(const Item& item, Scratch& scratch) : item_(item), scratch_(scratch) {}

  // False when the scratch has no room.
  bool add(const Record& point);
  bool is_empty() const { return writer_.size() == 0; }
  // What Field::kDataPoints of a metric is set to.
  Value finish();

 private:
  const Item& item_;
  Scratch& scratch_;
  wire::Writer writer_;
};

// Rewrites each point of the metric by `edit`, which changes it.
using PointEdit = std::function<Evaluated<void>(Record& point)>;
Evaluated<void> edit_points(const Item& item, Record* metric, Scratch& scratch,
                            const PointEdit& edit);

// For a metric that takes the place of others: otelcol makes a new one, without metadata.
void forget_metadata(Record* metric, Scratch& scratch);

// Multiplies field `double_number` (a double) and `int_number` (an integer with 64 bits; 0: none)
// of each of the messages, which an editor may write back.
struct ScaledFields {
  uint32_t double_number;
  uint32_t int_number;
};
Value scale_messages(const Value& messages, const ScaledFields& fields, double factor,
                     Scratch& scratch);

}  // namespace millrace::ottl
