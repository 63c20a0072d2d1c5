#include "extensions/console/flow_watch.h"

#include <utility>

#include "extensions/console/quantiles.h"

namespace millrace::extensions::console {
namespace {

constexpr Duration kLook = 1s;

}  // namespace

FlowWatch::FlowWatch(io::Loop& loop, recent::EdgeTaps& taps, const recent::EdgeFlow& flow)
    : loop_(loop), taps_(taps), flow_(flow), timer_(loop.make_timer([this] { turn(); })) {}

FlowWatch::~FlowWatch() {
  if (is_on_) taps_.set_flow_watched(false);
}

void FlowWatch::look() {
  looked_at_ = loop_.now();
  if (is_on_) return;
  is_on_ = true;
  turned_at_ = looked_at_;
  before_ = snapshot();
  last_ = before_;
  taps_.set_flow_watched(true);
  timer_->arm_at(looked_at_ + kLook);
}

void FlowWatch::turn() {
  const MonotonicTime now = loop_.now();
  if (now - looked_at_ >= kKept) {
    is_on_ = false;
    taps_.set_flow_watched(false);
    return;
  }
  if (now - turned_at_ >= kWindow) {
    turned_at_ = now;
    before_ = std::exchange(last_, snapshot());
  }
  timer_->arm_at(now + kLook);
}

FlowWatch::Snapshot FlowWatch::snapshot() const {
  Snapshot all(flow_.pipeline_count());
  for (size_t pipeline = 0; pipeline < all.size(); ++pipeline) {
    for (size_t position = 0; position < flow_.point_count(pipeline); ++position) {
      const recent::EdgeFlow::Point& point = flow_.point(pipeline, position);
      all[pipeline].push_back({point.items.counts(), point.latency_ns.counts()});
    }
  }
  return all;
}

FlowWatch::Quantiles FlowWatch::at(size_t pipeline, size_t position) const {
  if (!is_on_ || pipeline >= before_.size() || position >= before_[pipeline].size()) return {};
  const recent::EdgeFlow::Point& point = flow_.point(pipeline, position);
  const Counts& before = before_[pipeline][position];
  return {.items = quantiles_since(point.items.counts(), &before.items),
          .latency_ns = quantiles_since(point.latency_ns.counts(), &before.latency_ns)};
}

}  // namespace millrace::extensions::console
