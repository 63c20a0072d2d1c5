#include "processors/deltatocumulative/delta_to_cumulative.h"

#include <array>
#include <utility>

#include "metric_streams/stream_processor.h"
#include "metric_streams/stream_table.h"
#include "processors/deltatocumulative/accumulation.h"

namespace millrace::processors::deltatocumulative {
namespace {

using metric_streams::NumberValues;
using metric_streams::PointFate;
using metric_streams::PointValues;
using metric_streams::WalkedPoint;
using otlp::MetricType;

// Streams take at most this part of the budget.
constexpr size_t kShareOfBudget = 4;

// Numbers, by far the most frequent, lie in the state itself.
struct State {
  uint64_t start = 0;
  uint64_t time = 0;
  NumberValues number;
  std::unique_ptr<PointValues> values;

  size_t bytes() const { return values == nullptr ? 0 : sizeof(PointValues) + bytes_of(*values); }
};

enum class Outcome : uint8_t { kAdded, kOlderStart, kOutOfOrder, kLimit };
constexpr std::array<std::string_view, 4> kErrors = {"", "delta.ErrOlderStart",
                                                     "delta.ErrOutOfOrder", "limit"};

}  // namespace

class Streams {
 public:
  Streams(const Options& options, const Parts& parts)
      : table(parts.budget, {.streams_max = options.max_streams,
                             .bytes_max = parts.budget.limit() / kShareOfBudget,
                             .max_stale = options.max_stale}),
        seed{parts.loop.random().next(), parts.loop.random().next()} {
    const auto show = [&](const char* name, const char* help, std::function<double()> read) {
      shown_.push_back(
          parts.metrics.gauge(name, help, {{"processor", parts.name}}, std::move(read)));
    };
    show("otelcol_deltatocumulative_streams_tracked", "number of streams tracked [Development]",
         [this] { return static_cast<double>(table.size()); });
    show("otelcol_deltatocumulative_streams_limit", "upper limit of tracked streams [Development]",
         [limit = options.max_streams] { return static_cast<double>(limit); });
    show("otelcol_deltatocumulative_streams_max_stale",
         "duration after which streams inactive streams are dropped [Development]",
         [stale = options.max_stale] { return std::chrono::duration<double>(stale).count(); });
  }

  metric_streams::StreamTable<State> table;
  const item_identity::Identity seed;

 private:
  std::vector<metrics::Registry::Handle> shown_;
};

namespace {

using Counters = std::array<metrics::Counter*, kErrors.size()>;

Counters make_counters(const Parts& parts) {
  Counters counters{};
  for (size_t i = 0; i < kErrors.size(); ++i) {
    metrics::Labels labels = {{"processor", parts.name}};
    if (!kErrors[i].empty()) labels.emplace_back("error", kErrors[i]);
    counters[i] = &parts.metrics.counter(
        "otelcol_deltatocumulative_datapoints",
        "total number of datapoints processed. may have 'error' attribute, if processing failed "
        "[Development]",
        std::move(labels));
  }
  return counters;
}

// The points of one request.
class Conversion final : public metric_streams::PointEditor {
 public:
  Conversion(Streams& streams, const Counters& counters, MonotonicTime now)
      : streams_(streams), counters_(counters), now_(now) {}

  bool wants(const otlp::MetricView& metric) override {
    const bool has_temporality = metric.type == MetricType::kSum ||
                                 metric.type == MetricType::kHistogram ||
                                 metric.type == MetricType::kExponentialHistogram;
    return has_temporality && metric.aggregation_temporality == metric_streams::kDelta;
  }
  std::optional<int32_t> new_temporality() const override { return metric_streams::kCumulative; }

  PointFate visit(const WalkedPoint& point, wire::Writer& replacement) override {
    const auto view = otlp::DataPointView::read(point.type, point.bytes);
    const PointValues values = metric_streams::values_of(point.type, view);
    Outcome outcome = Outcome::kLimit;
    streams_.table.use(point.stream, now_, growth_max(values), [&](State& state, bool is_new) {
      outcome = add(view, is_new, values, state);
      if (outcome != Outcome::kAdded) return;
      const PointValues sum = state.values == nullptr ? PointValues(state.number) : *state.values;
      write_point(point.bytes, state.start, sum, replacement);
    });
    has_reached_limit_ = has_reached_limit_ || outcome == Outcome::kLimit;
    counters_[static_cast<size_t>(outcome)]->add(1);
    return outcome == Outcome::kAdded ? PointFate::kReplace : PointFate::kRemove;
  }

  bool has_reached_limit() const { return has_reached_limit_; }

 private:
  static Outcome add(const otlp::DataPointView& point, bool is_new, const PointValues& values,
                     State& state) {
    if (!is_new && point.start_time_unix_nano < state.start) return Outcome::kOlderStart;
    if (!is_new && point.time_unix_nano <= state.time) return Outcome::kOutOfOrder;
    state.time = point.time_unix_nano;
    if (is_new || !add_values(values, state)) {
      set(values, state);
      state.start = point.start_time_unix_nano;
    }
    return Outcome::kAdded;
  }

  // False: the values begin anew.
  static bool add_values(const PointValues& values, State& state) {
    if (state.values != nullptr) return accumulate(values, *state.values);
    PointValues sum = state.number;
    const bool is_added = accumulate(values, sum);
    if (is_added) state.number = std::get<NumberValues>(sum);
    return is_added;
  }

  static void set(const PointValues& values, State& state) {
    if (const auto* const number = std::get_if<NumberValues>(&values)) {
      state.number = *number;
    } else {
      state.values = std::make_unique<PointValues>(values);
    }
  }

  Streams& streams_;
  const Counters& counters_;
  const MonotonicTime now_;
  bool has_reached_limit_ = false;
};

class DeltaToCumulativeProcessor final : public metric_streams::StreamProcessor<Streams> {
 public:
  DeltaToCumulativeProcessor(std::shared_ptr<Streams> streams, const Parts& parts)
      : StreamProcessor(std::move(streams), parts.name, parts.loop, parts.log),
        counters_(make_counters(parts)) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    Conversion conversion(streams(), counters_, now());
    return convert(payload, conversion, work, "points of new ones are dropped");
  }

 private:
  const Counters counters_;
};

}  // namespace

std::shared_ptr<Streams> make_streams(const Options& options, const Parts& parts) {
  return std::make_shared<Streams>(options, parts);
}

std::unique_ptr<pipeline::Processor> make_delta_to_cumulative_processor(
    std::shared_ptr<Streams> streams, const Parts& parts) {
  return std::make_unique<DeltaToCumulativeProcessor>(std::move(streams), parts);
}

}  // namespace millrace::processors::deltatocumulative
