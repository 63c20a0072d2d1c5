#include "metric_emission/metric_emission.h"

#include <utility>

namespace millrace::metric_emission {
namespace {

constexpr size_t kRequestBytesMax = size_t{256} << 20;
constexpr Duration kFlushAgain = 1s;  // when there is no memory

}  // namespace

MetricEmission::MetricEmission(EmissionOptions options, MetricSource& source,
                               const EmissionParts& parts)
    : options_(std::move(options)),
      source_(source),
      loop_(parts.loop),
      long_work_(parts.long_work),
      log_(parts.log),
      wall_clock_(parts.wall_clock),
      self_(std::make_shared<MetricEmission*>(this)),
      offering_(parts.loop, parts.log, options_.name, parts.outputs, [this] { check_flushed(); }),
      interval_timer_(loop_.make_timer([this] { on_interval(); })) {
  if (options_.interval > Duration{0}) interval_timer_->arm_at(loop_.now() + options_.interval);
}

MetricEmission::~MetricEmission() { close(); }

void MetricEmission::close() {
  if (*self_ == nullptr) return;
  *self_ = nullptr;
  interval_timer_->disarm();
  if (flushed_) std::exchange(flushed_, nullptr)();
}

void MetricEmission::on_interval() {
  if (!flushed_) interval_timer_->arm_at(loop_.now() + options_.interval);
  // Otherwise it is still at it.
  if (phase_ == Phase::kIdle) begin(flushed_ ? Occasion::kEnd : Occasion::kInterval);
}

void MetricEmission::emit_now() {
  if (*self_ == nullptr) return;
  is_wanted_ = phase_ != Phase::kIdle;
  if (phase_ == Phase::kIdle) begin(Occasion::kInterval);
}

bool MetricEmission::flush(pipeline::Exporter::Flushed done) {
  if (*self_ == nullptr || flushed_) return false;
  interval_timer_->disarm();
  flushed_ = std::move(done);
  has_begun_end_ = false;
  if (phase_ == Phase::kIdle) begin(Occasion::kEnd);
  return true;
}

void MetricEmission::begin(Occasion occasion) {
  phase_ = Phase::kCollecting;
  occasion_ = occasion;
  has_begun_end_ = has_begun_end_ || occasion == Occasion::kEnd;
  source_.collect([self = self_](bool has_news) {
    if (*self != nullptr) (*self)->on_collected(has_news);
  });
}

void MetricEmission::on_collected(bool has_news) {
  phase_ = Phase::kWriting;
  // At the end only news are worth a request.
  if (occasion_ == Occasion::kEnd && !has_news && !lacked_memory_) return end();
  lacked_memory_ = false;
  if (options_.is_cumulative) offering_.forget_refused();
  now_unix_nano_ = static_cast<uint64_t>(wall_clock_().time_since_epoch().count());
  write_turn();
}

void MetricEmission::write_turn() {
  Work work = long_work_.work();
  otlp::RopeWriter out(work, kRequestBytesMax, "writing metrics of a connector");
  out.let_pass_the_limit();
  const MetricSource::Written written = source_.write_some(occasion_, now_unix_nano_, out);
  Result<Rope> bytes = out.finish();
  if (!bytes) {
    log_.warn("metrics of a connector were not emitted",
              {{"connector", options_.name}, {"reason", bytes.error().message}});
    lacked_memory_ = bytes.error().code == Code::kUnavailable;
    if (lacked_memory_) return end();
  } else if (written.point_count != 0) {
    offering_.offer(std::move(*bytes), written.point_count);
  }
  if (written.is_last) return end();
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->write_turn();
  });
}

void MetricEmission::end() {
  source_.end_emission();
  phase_ = Phase::kIdle;
  if (flushed_ && !has_begun_end_) return begin(Occasion::kEnd);
  if (std::exchange(is_wanted_, false)) return begin(Occasion::kInterval);
  if (flushed_ && lacked_memory_) return interval_timer_->arm_at(loop_.now() + kFlushAgain);
  check_flushed();
}

// In a later turn, because a source may be inside of its collect().
void MetricEmission::check_flushed() {
  if (!flushed_ || !has_begun_end_ || phase_ != Phase::kIdle) return;
  if (lacked_memory_ || !offering_.is_settled()) return;
  loop_.post(std::exchange(flushed_, nullptr));
}

}  // namespace millrace::metric_emission
