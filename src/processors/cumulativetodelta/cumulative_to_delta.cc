#include "processors/cumulativetodelta/cumulative_to_delta.h"

#include <array>
#include <cmath>
#include <utility>

#include "metric_streams/difference.h"
#include "metric_streams/stream_processor.h"
#include "metric_streams/stream_table.h"

namespace millrace::processors::cumulativetodelta {
namespace {

using metric_streams::NoDifference;
using metric_streams::NumberValues;
using metric_streams::PointFate;
using metric_streams::PointValues;
using metric_streams::WalkedPoint;
using otlp::MetricType;

constexpr uint32_t kNoRecordedValue = 1;  // DataPointFlags
// Streams take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;

// Two points of a stream: the last one and the one before it.
struct Values {
  PointValues last;
  PointValues before;
};

// Numbers, by far the most frequent, lie in the state itself.
struct State {
  uint64_t time = 0;
  uint64_t time_before = 0;
  bool has_before = false;
  NumberValues number;
  NumberValues number_before;
  std::unique_ptr<Values> values;

  size_t bytes() const {
    if (values == nullptr) return 0;
    return sizeof(Values) + bytes_of(values->last) + bytes_of(values->before);
  }
};

// What becomes of a point.
enum class Outcome : uint8_t { kConverted, kReset, kInitial, kBucketMismatch, kLimit };
constexpr std::array<std::string_view, 5> kOutcomeNames = {"", "reset", "initial",
                                                           "bucket_mismatch", "limit"};
constexpr std::array<std::pair<MetricType, std::string_view>, 3> kTypeNames = {
    {{MetricType::kSum, "sum"},
     {MetricType::kHistogram, "histogram"},
     {MetricType::kExponentialHistogram, "exponential_histogram"}}};

size_t index_of_type(MetricType type) {
  return type == MetricType::kSum ? 0 : type == MetricType::kHistogram ? 1 : 2;
}

void remove_limits(PointValues& values) {
  std::visit(
      [](auto& of_type) {
        if constexpr (requires { of_type.min; }) {
          of_type.min.reset();
          of_type.max.reset();
        }
      },
      values);
}

}  // namespace

class Streams {
 public:
  Streams(const Options& options, const Parts& parts)
      : table(parts.budget, {.streams_max = SIZE_MAX,
                             .bytes_max = parts.budget.limit() / kShareOfBudget,
                             .max_stale = options.max_staleness}),
        seed{parts.loop.random().next(), parts.loop.random().next()},
        made_at(static_cast<uint64_t>(parts.wall_clock().time_since_epoch().count())),
        tracked_(parts.metrics.gauge(
            "otelcol_cumulativetodelta_streams_tracked",
            "Number of metric streams currently tracked in memory for cumulative-to-delta "
            "conversion. [Development]",
            {{"processor", parts.name}}, [this] { return static_cast<double>(table.size()); })) {}

  metric_streams::StreamTable<State> table;
  const item_identity::Identity seed;
  const uint64_t made_at;

 private:
  const metrics::Registry::Handle tracked_;
};

namespace {

class Counters {
 public:
  explicit Counters(const Parts& parts) {
    for (size_t type = 0; type < kTypeNames.size(); ++type) {
      const std::string type_name(kTypeNames[type].second);
      counters_[type][0] = &parts.metrics.counter(
          "otelcol_cumulativetodelta_datapoints",
          "Number of datapoints converted from cumulative to delta temporality. [Development]",
          {{"processor", parts.name}, {"metric_type", type_name}});
      for (size_t outcome = 1; outcome < kOutcomeNames.size(); ++outcome) {
        counters_[type][outcome] = &parts.metrics.counter(
            "otelcol_cumulativetodelta_datapoints_dropped",
            "Number of datapoints dropped instead of being converted. [Development]",
            {{"processor", parts.name},
             {"metric_type", type_name},
             {"reason", std::string(kOutcomeNames[outcome])}});
      }
    }
  }
  void add(MetricType type, Outcome outcome) {
    counters_[index_of_type(type)][static_cast<size_t>(outcome)]->add(1);
  }

 private:
  std::array<std::array<metrics::Counter*, kOutcomeNames.size()>, kTypeNames.size()> counters_{};
};

// The points of one request.
class Conversion final : public metric_streams::PointEditor {
 public:
  Conversion(const Options& options, Streams& streams, Counters& counters, MonotonicTime now)
      : options_(options), streams_(streams), counters_(counters), now_(now) {}

  bool wants(const otlp::MetricView& metric) override {
    if (metric.aggregation_temporality != metric_streams::kCumulative) return false;
    if (metric.type == MetricType::kSum && !metric.is_monotonic) return false;
    return options_.wants(metric.name, metric.type);
  }

  std::optional<int32_t> new_temporality() const override { return metric_streams::kDelta; }

  PointFate visit(const WalkedPoint& point, wire::Writer& replacement) override {
    const auto view = otlp::DataPointView::read(point.type, point.bytes);
    if ((view.flags & kNoRecordedValue) != 0) return PointFate::kRemove;
    if (view.as_double && std::isnan(*view.as_double)) return PointFate::kKeep;
    PointValues values = metric_streams::values_of(point.type, view);
    // Two starts are two streams, as are integers and doubles.
    item_identity::Identity stream = point.stream;
    stream.append(view.start_time_unix_nano);
    stream.append(view.as_double ? 1 : 0);
    const size_t growth =
        point.type == MetricType::kSum ? 0 : sizeof(Values) + 2 * bytes_of(values);
    Outcome outcome = Outcome::kLimit;
    uint64_t start = 0;
    streams_.table.use(stream, now_, growth, [&](State& state, bool is_new) {
      outcome = convert(view, is_new, state, values, start);
    });
    has_reached_limit_ = has_reached_limit_ || outcome == Outcome::kLimit;
    counters_.add(point.type, outcome);
    if (outcome != Outcome::kConverted) return PointFate::kRemove;
    remove_limits(values);
    write_point(point.bytes, start, values, replacement);
    return PointFate::kReplace;
  }

  bool has_reached_limit() const { return has_reached_limit_; }

 private:
  // Turns `values` into the difference, with its start.
  Outcome convert(const otlp::DataPointView& point, bool is_new, State& state, PointValues& values,
                  uint64_t& start) const {
    const bool is_again = !is_new && point.time_unix_nano == state.time && is_last(state, values);
    if (!is_again) remember(point.time_unix_nano, is_new, values, state);
    if (!state.has_before) return first(point, start);
    auto delta = difference(before(state), values);
    if (!delta) {
      return delta.error() == NoDifference::kReset ? Outcome::kReset : Outcome::kBucketMismatch;
    }
    values = *std::move(delta);
    start = state.time_before;
    return Outcome::kConverted;
  }

  Outcome first(const otlp::DataPointView& point, uint64_t& start) const {
    switch (options_.initial_value) {
      case InitialValue::kKeep:
        return Outcome::kConverted;
      case InitialValue::kDrop:
        return Outcome::kInitial;
      case InitialValue::kAuto:
        break;
    }
    start = point.start_time_unix_nano;
    const bool began_before = start < streams_.made_at || start == point.time_unix_nano;
    return began_before ? Outcome::kInitial : Outcome::kConverted;
  }

  static bool is_last(const State& state, const PointValues& values) {
    if (const auto* const number = std::get_if<NumberValues>(&values)) {
      return *number == state.number;
    }
    return values == state.values->last;
  }
  static PointValues before(const State& state) {
    return state.values == nullptr ? PointValues(state.number_before) : state.values->before;
  }
  static void remember(uint64_t time, bool is_new, const PointValues& values, State& state) {
    if (const auto* const number = std::get_if<NumberValues>(&values)) {
      state.number_before = std::exchange(state.number, *number);
    } else {
      if (state.values == nullptr) state.values = std::make_unique<Values>();
      state.values->before = std::exchange(state.values->last, values);
    }
    state.time_before = std::exchange(state.time, time);
    state.has_before = !is_new;
  }

  const Options& options_;
  Streams& streams_;
  Counters& counters_;
  const MonotonicTime now_;
  bool has_reached_limit_ = false;
};

class CumulativeToDeltaProcessor final : public metric_streams::StreamProcessor<Streams> {
 public:
  CumulativeToDeltaProcessor(std::shared_ptr<const Options> options,
                             std::shared_ptr<Streams> streams, const Parts& parts)
      : StreamProcessor(std::move(streams), parts.name, parts.loop, parts.log),
        options_(std::move(options)),
        counters_(parts) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    Conversion conversion(*options_, streams(), counters_, now());
    return convert(payload, conversion, work, "points of new ones are dropped");
  }

 private:
  const std::shared_ptr<const Options> options_;
  Counters counters_;
};

}  // namespace

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts) {
  return std::make_shared<Streams>(options, parts);
}

std::unique_ptr<pipeline::Processor> make_cumulative_to_delta_processor(
    std::shared_ptr<const Options> options, std::shared_ptr<Streams> streams, const Parts& parts) {
  return std::make_unique<CumulativeToDeltaProcessor>(std::move(options), std::move(streams),
                                                      parts);
}

}  // namespace millrace::processors::cumulativetodelta
