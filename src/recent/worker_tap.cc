#include "recent/worker_tap.h"

#include <algorithm>
#include <utility>

namespace millrace::recent {
namespace {

constexpr Duration kHandOverAfter = 100ms;
// Copied in one turn of the loop: some 50 microseconds.
constexpr size_t kBytesInATurn = 512 * 1024;
constexpr size_t kRatePart = 16;

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
    owner_.parts_.edges->count_passed(pipeline_, payload.item_count);
    const MonotonicTime now = owner_.parts_.loop->now();
    constexpr Duration kEach = Duration(1s) / kTrailsASecond;
    // The time at which a request would be due if they came evenly, not before a second ago.
    next_trail_at_ = std::max(next_trail_at_, now - 1s);
    if (next_trail_at_ + kEach > now) return false;
    next_trail_at_ += kEach;
    return true;
  }
  void take_trail(pipeline::Trail trail) override { owner_.keep(pipeline_, std::move(trail)); }

 private:
  WorkerTap& owner_;
  const size_t pipeline_;
  Keeps keeps_ = Keeps::kRequests;
  MonotonicTime next_trail_at_{};
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

WorkerTap::~WorkerTap() = default;

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
  for (const FreshTrail& fresh : trails_) {
    parts_.edges->add(fresh.pipeline, fresh.trail, fresh.at);
  }
  trails_.clear();
  size_t copied = 0;
  while (!fresh_.empty() && copied < kBytesInATurn) {
    const size_t bytes = fresh_.front().bytes.size();
    sample_and_store(fresh_.front());
    fresh_.pop_front();
    copied += bytes;
    fresh_bytes_ -= bytes;
  }
  if (!fresh_.empty()) timer_->arm_at(parts_.loop->now());
}

}  // namespace millrace::recent
