#include "processors/interval/interval_processor.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "processors/interval/held_points.h"

namespace millrace::processors::interval {
namespace {

using metric_streams::PointFate;
using metric_streams::WalkedPlace;
using metric_streams::WalkedPoint;
using otlp::MessageBytes;
using otlp::MetricType;

constexpr std::string_view kWhat = "holding metrics";

// The points of a request that are to be held, as views of it.
class Selection final : public metric_streams::PointEditor {
 public:
  explicit Selection(const Options& options) : options_(options) {}

  bool wants(const otlp::MetricView& metric) override {
    const bool is_cumulative = metric.aggregation_temporality == metric_streams::kCumulative;
    switch (metric.type) {
      case MetricType::kGauge:
        return !options_.pass_gauges;
      case MetricType::kSummary:
        return !options_.pass_summaries;
      case MetricType::kSum:
        return is_cumulative && metric.is_monotonic;
      case MetricType::kHistogram:
      case MetricType::kExponentialHistogram:
        return is_cumulative;
      default:
        return false;
    }
  }
  std::optional<int32_t> new_temporality() const override { return std::nullopt; }

  PointFate visit(const WalkedPoint& point, wire::Writer&) override {
    if (places_.empty() || places_.back().metric.bytes.data() != point.place->metric.bytes.data()) {
      places_.push_back(*point.place);
    }
    points_.push_back({.place = &places_.back(), .stream = point.stream, .bytes = point.bytes});
    return PointFate::kRemove;
  }

  struct Point {
    const WalkedPlace* place = nullptr;
    item_identity::Identity stream;
    MessageBytes bytes;
  };
  const std::vector<Point>& points() const { return points_; }

 private:
  const Options& options_;
  std::deque<WalkedPlace> places_;
  std::vector<Point> points_;
};

class IntervalProcessor final : public pipeline::Processor,
                                private interval_hold::ItemWriter<HeldPoints> {
 public:
  IntervalProcessor(const Options& options, const Parts& parts)
      : options_(options),
        seed_{parts.loop.random().next(), parts.loop.random().next()},
        hold_({.signal = Signal::kMetrics,
               .interval = options.interval,
               .activity = kWhat,
               .more_than = "points than can be held",
               .no_room_for = "metrics that are held"},
              parts, *this) {}

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    if (Status joined = hold_.join(payload, work); !joined) return fail(joined.error());
    const size_t room =
        payload.bytes.size() +
        (sizeof(Selection::Point) + HeldPoints::kOverheadBytes) * payload.item_count +
        (sizeof(WalkedPlace) + HeldPoints::kOverheadBytes) * count_parts(payload, work);
    const auto entry = hold_.enter(room);
    if (!entry) return fail(entry.error());
    Selection selection(options_);
    auto edited = metric_streams::edit_points(payload.bytes, seed_, selection, work, kWhat);
    if (!edited) return fail(std::move(edited.error()));
    // Nothing fails from here on: what is held is reported as held.
    uint32_t held = 0;
    for (const Selection::Point& point : selection.points()) {
      held += hold_.held().add(*point.place, point.stream, point.bytes) ? 1 : 0;
    }
    payload.bytes = std::move(edited->request);
    payload.item_count -= edited->removed_count;
    return pipeline::ProcessorResult{.filtered_count = edited->removed_count - held,
                                     .held_count = held};
  }

  uint64_t held_count() const override { return hold_.held_count(); }
  void flush() override { hold_.flush(); }

 private:
  // Resources, scopes and metrics.
  static size_t count_parts(const pipeline::Payload& payload, Work& work) {
    size_t count = 0;
    otlp::ResourceReader resources(payload.bytes);
    for (otlp::ResourceView resource; resources.next(&resource); ++count) {
      otlp::MessageReader scopes(resource.bytes.view(), otlp::kResourceScopes, &work.pace);
      for (MessageBytes scope; scopes.next(&scope); ++count) {
        otlp::MessageReader metrics(scope, otlp::kScopeItems, &work.pace);
        for (MessageBytes metric; metrics.next(&metric);) ++count;
      }
    }
    return count;
  }

  uint32_t write_some(HeldPoints& points, HeldPoints::Cursor& cursor,
                      otlp::RopeWriter& out) override {
    return points.write_some(interval_hold::kItemsAtOnce, interval_hold::kBytesAtOnce, cursor, out);
  }

  const Options options_;
  const item_identity::Identity seed_;
  interval_hold::IntervalHold<HeldPoints> hold_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_interval_processor(const Options& options,
                                                             const Parts& parts) {
  return std::make_unique<IntervalProcessor>(options, parts);
}

}  // namespace millrace::processors::interval
