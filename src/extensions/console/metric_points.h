// Data points of metrics as answers show them.
#pragma once

#include <string>
#include <string_view>

#include "extensions/console/json_writer.h"
#include "otlp/views.h"

namespace millrace::extensions::console {

std::string_view metric_type_name(otlp::MetricType type);
std::string_view temporality_name(int32_t temporality);
// The number that a sparkline shows: the value, or the count.
double spark_of(otlp::MetricType type, const otlp::DataPointView& point);
// With its exemplars.
void write_point(JsonWriter& json, otlp::MetricType type, const otlp::DataPointView& point);
// The attributes of a point as they came, which tell series of one service apart.
std::string series_key(otlp::MetricType type, otlp::MessageBytes point);

}  // namespace millrace::extensions::console
