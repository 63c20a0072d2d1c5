#include "metric_emission/offering.h"

#include <utility>

namespace millrace::metric_emission {
namespace {

constexpr Duration kAgain = 1s;

}  // namespace

Offering::Offering(io::Loop& loop, Logger& log, std::string name,
                   pipeline::ConnectorOutputs& outputs, std::function<void()> on_settled)
    : loop_(loop),
      log_(log),
      name_(std::move(name)),
      outputs_(outputs),
      on_settled_(std::move(on_settled)),
      self_(std::make_shared<Offering*>(this)),
      again_timer_(loop.make_timer([this] { offer_again(); })) {}

Offering::~Offering() { *self_ = nullptr; }

void Offering::offer(Rope metrics, uint32_t point_count) {
  submit({.signal = Signal::kMetrics,
          .item_count = point_count,
          .bytes = std::move(metrics),
          .metadata = nullptr,
          .completion = nullptr,
          .admitted_at = loop_.now()});
}

void Offering::submit(pipeline::Payload payload) {
  const auto& intake = outputs_.of_signal[index_of(Signal::kMetrics)];
  if (intake == nullptr) return;
  ++under_way_;
  const auto verdict =
      intake->submit(payload, pipeline::Policy::kAccepted, kNever,
                     [self = self_, payload](const pipeline::Verdict& later) mutable {
                       if (*self != nullptr) (*self)->on_verdict(std::move(payload), later);
                     });
  if (verdict) on_verdict(std::move(payload), *verdict);
}

void Offering::on_verdict(pipeline::Payload payload, const pipeline::Verdict& verdict) {
  --under_way_;
  if (!verdict.ok()) {
    if (verdict.retry_after && refused_.size() < kRefusedMax) {
      refused_.push_back(std::move(payload));
      again_timer_->arm_at(loop_.now() + kAgain);
    } else {
      log_.warn(
          "metrics of a connector were refused and are dropped",
          {{"connector", name_}, {"points", payload.item_count}, {"reason", verdict.message}});
    }
  }
  if (is_settled()) on_settled_();
}

void Offering::offer_again() {
  auto again = std::exchange(refused_, {});
  // Nothing is settled before the last one is offered.
  under_way_ += 1;
  for (pipeline::Payload& payload : again) submit(std::move(payload));
  under_way_ -= 1;
  if (is_settled()) on_settled_();
}

}  // namespace millrace::metric_emission
