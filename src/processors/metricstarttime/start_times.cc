#include "processors/metricstarttime/start_times.h"

#include <utility>

#include "metric_streams/difference.h"

namespace millrace::processors::metricstarttime {
namespace {

using metric_streams::NumberValues;
using metric_streams::PointValues;

constexpr uint64_t kBeforeResetNano = 1'000'000;

PointValues previous_of(const StreamState& state) {
  return state.values == nullptr ? PointValues(state.previous) : state.values->previous;
}
PointValues initial_of(const StreamState& state) {
  return state.values == nullptr ? PointValues(state.initial) : state.values->initial;
}

void set_previous(const PointValues& values, StreamState& state) {
  if (const auto* const number = std::get_if<NumberValues>(&values)) {
    state.previous = *number;
  } else {
    if (state.values == nullptr) state.values = std::make_unique<StreamState::Values>();
    state.values->previous = values;
  }
}

void set_initial(const PointValues& values, StreamState& state) {
  if (const auto* const number = std::get_if<NumberValues>(&values)) {
    state.initial = *number;
  } else {
    state.values->initial = values;
  }
}

std::optional<double> sum_of(const PointValues& values) {
  return std::visit(
      [](const auto& of_type) -> std::optional<double> {
        if constexpr (requires { of_type.sum; }) return of_type.sum;
        return std::nullopt;
      },
      values);
}

bool is_reset(const PointValues& previous, const PointValues& values) {
  if (!metric_streams::difference(previous, values)) return true;
  const auto before = sum_of(previous);
  const auto sum = sum_of(values);
  return before && sum && *sum < *before;
}

// Subtracts `initial`. The limits stay: those of the later values are not known.
void subtract(const PointValues& initial, PointValues& values) {
  auto difference = metric_streams::difference(initial, values);
  if (!difference) return;
  std::visit(
      [&]<class Values>(Values& made) {
        if constexpr (requires { made.min; }) {
          made.min = std::get<Values>(values).min;
          made.max = std::get<Values>(values).max;
        }
      },
      *difference);
  values = *std::move(difference);
}

Start begin(Strategy strategy, uint64_t first_start, const Point& point, StreamState& state) {
  set_previous(point.values, state);
  state.start = strategy == Strategy::kStartTimeMetric ? first_start : point.time;
  if (strategy != Strategy::kSubtractInitialPoint) return {.start = state.start};
  set_initial(point.values, state);
  state.subtracts_initial = true;
  return {.is_removed = true};
}

}  // namespace

size_t StreamState::bytes() const {
  if (values == nullptr) return 0;
  return sizeof(Values) + bytes_of(values->previous) + bytes_of(values->initial);
}

size_t growth_of(const PointValues& values) {
  if (std::holds_alternative<NumberValues>(values)) return 0;
  return sizeof(StreamState::Values) + 2 * bytes_of(values);
}

Start start_of(Strategy strategy, uint64_t first_start, bool is_new, Point& point,
               StreamState& state) {
  if (is_new) return begin(strategy, first_start, point, state);
  if (point.has_no_value && strategy != Strategy::kStartTimeMetric) return {.start = state.start};
  const PointValues previous = previous_of(state);
  // The initial point again, because the request that brought it was refused further on.
  if (state.subtracts_initial && point.time == state.start && point.values == previous) {
    return {.is_removed = true};
  }
  if (is_reset(previous, point.values)) {
    state.start = point.time > kBeforeResetNano ? point.time - kBeforeResetNano : 0;
    state.subtracts_initial = false;
  }
  set_previous(point.values, state);
  if (!state.subtracts_initial) return {.start = state.start};
  subtract(initial_of(state), point.values);
  return {.has_new_values = true, .start = state.start};
}

}  // namespace millrace::processors::metricstarttime
