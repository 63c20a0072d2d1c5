#include "processors/interval/interval_processor.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "otlp/rope_writer.h"
#include "processors/interval/held_points.h"

namespace millrace::processors::interval {
namespace {

using metric_streams::PointFate;
using metric_streams::WalkedPlace;
using metric_streams::WalkedPoint;
using otlp::MessageBytes;
using otlp::MetricType;

constexpr std::string_view kWhat = "holding metrics";
// The limits of a request that is emitted, one in each turn.
constexpr size_t kPointsAtOnce = 1000;
constexpr size_t kBytesAtOnce = 4 << 20;
constexpr size_t kRequestBytesMax = size_t{256} << 20;
constexpr Duration kAgain = 100ms;  // when there is no memory for a request

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

class IntervalProcessor final : public pipeline::Processor {
 public:
  IntervalProcessor(const Options& options, const Parts& parts)
      : options_(options),
        loop_(parts.loop),
        pool_(parts.pool),
        long_work_(parts.long_work),
        outlet_(parts.outlet),
        seed_{parts.loop.random().next(), parts.loop.random().next()},
        timer_(loop_.make_timer([this] { on_timer(); })),
        next_interval_(loop_.now() + options.interval) {
    timer_->arm_at(next_interval_);
  }

  Result<pipeline::ProcessorResult> process(pipeline::Payload& payload, Work& work) override {
    // In one piece, reserved, so that its messages are slices.
    otlp::RopeWriter memory(work, kRequestBytesMax, kWhat);
    std::optional<Bytes> whole = memory.join(payload.bytes);
    if (!whole) {
      emit_early();
      return fail(memory.finish().error());
    }
    payload.bytes = Rope(std::move(*whole));
    // As if all points were new; the rest is given back.
    const size_t room =
        payload.bytes.size() +
        (sizeof(Selection::Point) + HeldPoints::kOverheadBytes) * payload.item_count +
        (sizeof(WalkedPlace) + HeldPoints::kOverheadBytes) * count_parts(payload, work);
    if (room > pool_.budget().limit()) {
      return fail(Code::kResourceExhausted, "the request has more points than can be held");
    }
    Reservation reserved = Reservation::try_make(pool_.budget(), MemoryTerm::kKeyedState, room);
    if (!reserved) {
      emit_early();
      return fail(Code::kUnavailable, "memory: no room for metrics that are held");
    }
    ++process_count_;
    held_.add_room(std::move(reserved));
    auto done = hold(payload, work);
    // Requests that are suspended in hold() still need theirs.
    if (--process_count_ == 0) held_.return_room();
    return done;
  }

  uint64_t held_count() const override {
    return held_.point_count() + leaving_.point_count() - left_count_;
  }

  void flush() override {
    timer_->disarm();
    while (held_count() != 0) {
      take_over();
      if (emit_some()) continue;
      // Not even the reserve of drains has room; all that is left is to count them.
      outlet_.filter(static_cast<uint32_t>(leaving_.point_count() - left_count_));
      end_leaving();
    }
  }

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

  Result<pipeline::ProcessorResult> hold(pipeline::Payload& payload, Work& work) {
    Selection selection(options_);
    auto edited = metric_streams::edit_points(payload.bytes, seed_, selection, work, kWhat);
    if (!edited) return fail(std::move(edited.error()));
    // Nothing fails from here on: what is held is reported as held.
    uint32_t held = 0;
    for (const Selection::Point& point : selection.points()) {
      held += held_.add(*point.place, point.stream, point.bytes) ? 1 : 0;
    }
    payload.bytes = std::move(edited->request);
    payload.item_count -= edited->removed_count;
    return pipeline::ProcessorResult{.filtered_count = edited->removed_count - held,
                                     .held_count = held};
  }

  void on_timer() {
    // A request that is being held is suspended: its points are not in the books yet.
    if (process_count_ != 0) return timer_->arm_at(loop_.now() + 1ms);
    if (leaving_.empty() && loop_.now() >= next_interval_) {
      next_interval_ = loop_.now() + options_.interval;
      take_over();
    }
    if (!emit_some()) return timer_->arm_at(loop_.now() + kAgain);
    timer_->arm_at(leaving_.empty() ? next_interval_ : loop_.now());
  }
  // When memory is short: what is held makes room as it leaves.
  void emit_early() {
    next_interval_ = loop_.now();
    timer_->arm_at(loop_.now());
  }

  void take_over() {
    if (!leaving_.empty()) return;
    leaving_ = std::exchange(held_, {});
  }
  void end_leaving() {
    leaving_ = {};
    cursor_ = {};
    left_count_ = 0;
  }

  // Emits a request of some of the points that are leaving. False: there is no memory for it, not
  // even from the reserve of drains: in a process that is full of held points they must leave.
  bool emit_some() {
    if (leaving_.empty()) return true;
    Work work = long_work_.work();
    otlp::RopeWriter writer(work, kRequestBytesMax, kWhat);
    writer.let_pass_the_limit();
    const HeldPoints::Cursor begin = cursor_;
    const uint32_t count = leaving_.write_some(kPointsAtOnce, kBytesAtOnce, cursor_, writer);
    Result<Rope> bytes = writer.finish();
    if (!bytes) {
      cursor_ = begin;
      return false;
    }
    left_count_ += count;
    if (leaving_.is_end(cursor_)) end_leaving();
    // What finds no room behind is dropped and counted there.
    static_cast<void>(outlet_.emit({.signal = Signal::kMetrics,
                                    .item_count = count,
                                    .bytes = std::move(*bytes),
                                    .metadata = nullptr,
                                    .completion = nullptr,
                                    .admitted_at = loop_.now()}));
    return true;
  }

  const Options options_;
  io::Loop& loop_;
  ChunkPool& pool_;
  io::LongWork& long_work_;
  pipeline::Outlet& outlet_;
  const item_identity::Identity seed_;
  std::unique_ptr<io::Timer> timer_;
  MonotonicTime next_interval_;
  HeldPoints held_;            // of this interval
  HeldPoints leaving_;         // of the one before
  HeldPoints::Cursor cursor_;  // in leaving_
  size_t left_count_ = 0;      // points of leaving_ that have left
  int process_count_ = 0;      // requests that are being held
};

}  // namespace

std::unique_ptr<pipeline::Processor> make_interval_processor(const Options& options,
                                                             const Parts& parts) {
  return std::make_unique<IntervalProcessor>(options, parts);
}

}  // namespace millrace::processors::interval
