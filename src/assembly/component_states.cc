#include "assembly/component_states.h"

#include <map>
#include <string_view>

namespace millrace::assembly {
namespace {

// What follows is the name of a value: "otelcol_kafka_receiver_offset_lag" is "offset_lag".
constexpr std::string_view kPrefixes[] = {"otelcol_kafka_receiver_", "millrace_kafka_broker_"};

}  // namespace

std::vector<extensions::ComponentState> component_states(
    const std::vector<metrics::MetricValue>& metrics) {
  std::map<metrics::Labels, extensions::ComponentState> states;
  for (const metrics::MetricValue& metric : metrics) {
    if (metric.type != metrics::MetricType::kGauge) continue;
    for (const std::string_view prefix : kPrefixes) {
      if (!metric.name.starts_with(prefix)) continue;
      for (const metrics::SeriesValue& series : metric.series) {
        extensions::ComponentState& state = states[series.labels];
        state.labels = series.labels;
        state.values.emplace_back(metric.name.substr(prefix.size()), series.value);
      }
    }
  }
  std::vector<extensions::ComponentState> list;
  list.reserve(states.size());
  for (auto& [labels, state] : states) list.push_back(std::move(state));
  return list;
}

}  // namespace millrace::assembly
