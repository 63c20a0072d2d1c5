#include "recent/worker_tap.h"

#include <algorithm>
#include <utility>

namespace millrace::recent {
namespace {

constexpr Duration kHandOverAfter = 100ms;
// Copied in one turn of the loop: some 50 microseconds.
constexpr size_t kBytesInATurn = 512 * 1024;
constexpr size_t kRatePart = 16;

// A rate that is used evenly, or at once after a quiet second.
class Allowance {
 public:
  explicit Allowance(uint32_t per_second) : each_(Duration(1s) / per_second) {}
  bool is_due(MonotonicTime now) const { return std::max(next_at_, now - 1s) + each_ <= now; }
  bool try_take(MonotonicTime now) {
    if (!is_due(now)) return false;
    next_at_ = std::max(next_at_, now - 1s) + each_;
    return true;
  }

 private:
  const Duration each_;
  MonotonicTime next_at_{};  // when one would be due if they came evenly
};

}  // namespace

class WorkerTap::PipelineTap final : public pipeline::Tap {
 public:
  PipelineTap(WorkerTap& owner, size_t pipeline) : owner_(owner), pipeline_(pipeline) {}
  void set_keeps(Keeps keeps) { keeps_ = keeps; }

  void take(const pipeline::Payload& payload) override {
    if (keeps_ == Keeps::kRequests) owner_.keep(pipeline_, payload);
  }
  const std::atomic<uint64_t>& watched_points() const override {
    return owner_.parts_.edges->watched_points(pipeline_);
  }
  bool wants_trail(const pipeline::Payload& payload) override {
    const MonotonicTime now = owner_.parts_.loop->now();
    bool is_wanted = (watched() & EdgeTaps::kFlowBit) != 0 && flows_.try_take(now);
    if (has_watched_point()) {
      owner_.parts_.edges->count_passed(pipeline_, payload.item_count);
      is_wanted = trails_.is_due(now) || is_wanted;
    }
    return is_wanted;
  }
  void take_trail(pipeline::Trail trail) override {
    if (owner_.parts_.flow != nullptr) owner_.parts_.flow->record(pipeline_, trail);
    if (has_watched_point() && trails_.try_take(owner_.parts_.loop->now())) {
      owner_.keep(pipeline_, std::move(trail));
    }
  }

 private:
  uint64_t watched() const { return watched_points().load(std::memory_order_relaxed); }
  bool has_watched_point() const { return (watched() & ~EdgeTaps::kFlowBit) != 0; }

  WorkerTap& owner_;
  const size_t pipeline_;
  Keeps keeps_ = Keeps::kRequests;
  Allowance trails_{kTrailsASecond};
  Allowance flows_{kFlowsASecond};
};

WorkerTap::WorkerTap(Parts parts)
    : parts_(parts),
      bytes_per_second_(parts.store->numbers().bytes_max / kRatePart),
      burst_bytes_(parts.store->numbers().bytes_max / 2),
      timer_(parts.loop->make_timer([this] { hand_over(); })),
      allowance_(burst_bytes_),
      allowance_at_(parts.loop->now()) {
  for (size_t pipeline = 0; pipeline < parts.store->pipelines().size(); ++pipeline) {
    taps_.push_back(std::make_unique<PipelineTap>(*this, pipeline));
  }
}

// What the pipelines passed on last is kept as well.
WorkerTap::~WorkerTap() { copy_requests(SIZE_MAX); }

pipeline::Tap& WorkerTap::tap_of(size_t pipeline, Keeps keeps) {
  taps_[pipeline]->set_keeps(keeps);
  return *taps_[pipeline];
}

void WorkerTap::keep(size_t pipeline, pipeline::Trail trail) {
  trails_.push_back(
      {.pipeline = pipeline, .at = parts_.loop->wall_now(), .trail = std::move(trail)});
  hand_over_soon();
}

void WorkerTap::keep(size_t pipeline, const pipeline::Payload& payload) {
  const size_t bytes = payload.bytes.size();
  if (bytes == 0) return;
  const MonotonicTime now = parts_.loop->now();
  if (const Duration since = now - allowance_at_; since >= 10ms) {
    const double more =
        std::chrono::duration<double>(since).count() * static_cast<double>(bytes_per_second_);
    allowance_ = static_cast<size_t>(
        std::min(static_cast<double>(burst_bytes_), static_cast<double>(allowance_) + more));
    allowance_at_ = now;
  }
  const size_t fresh_max = fresh_.empty() ? kRequestBytesMax : kFreshBytesMax;
  const size_t charge = charge_of(payload);
  if (charge > allowance_ || fresh_bytes_ + bytes > fresh_max) {
    return parts_.store->count_skipped(1);
  }
  allowance_ -= charge;
  fresh_bytes_ += bytes;
  fresh_.push_back({.signal = payload.signal,
                    .item_count = payload.item_count,
                    .pipeline = pipeline,
                    .received_at = parts_.loop->wall_now(),
                    .now = now,
                    .bytes = payload.bytes});
  hand_over_soon();
}

size_t WorkerTap::charge_of(const pipeline::Payload& payload) const {
  const size_t bytes = payload.bytes.size();
  if (payload.signal != Signal::kTraces || parts_.sample.keeps_all()) return bytes;
  return static_cast<size_t>(static_cast<double>(bytes) *
                             std::max(parts_.sample.rate(), kSampledPartMin));
}

void WorkerTap::sample_and_store(Arrival& arrival) {
  if (arrival.signal == Signal::kTraces && !parts_.sample.keeps_all()) {
    Pace pace;
    Work work{*parts_.pool, pace};
    auto kept = parts_.sample.kept_of(arrival.bytes, work);
    if (!kept) return parts_.store->count_skipped(1);
    if (kept->span_count == 0) return;
    arrival.bytes = std::move(kept->bytes);
    arrival.item_count = kept->span_count;
  }
  parts_.store->add(arrival);
}

void WorkerTap::on_admitted(const Admitted& request) {
  senders_.add(request, parts_.loop->wall_now());
  hand_over_soon();
}

void WorkerTap::on_refused(const Refused& refused) {
  RefusalEntry entry = make_refusal(refused, parts_.loop->wall_now());
  if (refusals_.empty() || !try_join(refusals_.back(), entry)) {
    if (refusals_.size() == RefusalList::kCountMax) return;
    refusals_.push_back(std::move(entry));
  }
  hand_over_soon();
}

void WorkerTap::hand_over_soon() {
  if (!timer_->armed()) timer_->arm_at(parts_.loop->now() + kHandOverAfter);
}

void WorkerTap::hand_over() {
  if (!senders_.empty()) parts_.senders->merge(senders_);
  for (RefusalEntry& refusal : refusals_) parts_.refusals->add(std::move(refusal));
  refusals_.clear();
  copy_requests(copy_trails(kBytesInATurn));
  if (copying_ || !trails_.empty() || !fresh_.empty()) timer_->arm_at(parts_.loop->now());
}

size_t WorkerTap::copy_trails(size_t bytes) {
  while (bytes != 0 && (copying_ || !trails_.empty())) {
    if (!copying_) {
      FreshTrail& fresh = trails_.front();
      copying_.emplace(*parts_.edges, fresh.pipeline, std::move(fresh.trail), fresh.at);
      trails_.pop_front();
    }
    bytes -= copying_->proceed(bytes);
    if (copying_->is_done()) copying_.reset();
  }
  return bytes;
}

size_t WorkerTap::copy_requests(size_t bytes) {
  while (bytes != 0 && !fresh_.empty()) {
    const size_t size = fresh_.front().bytes.size();
    sample_and_store(fresh_.front());
    fresh_.pop_front();
    bytes -= std::min(bytes, size);
    fresh_bytes_ -= size;
  }
  return bytes;
}

}  // namespace millrace::recent
