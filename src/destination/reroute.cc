#include "destination/reroute.h"

#include <utility>

#include "base/check.h"

namespace millrace::pipeline {

using ledger::DropReason;

Reroute::Reroute(io::Loop& loop, Duration wait, Settlement& settlement, Requeue requeue)
    : loop_(loop),
      wait_(wait),
      settlement_(settlement),
      requeue_(std::move(requeue)),
      requeue_timer_(loop.make_timer([this] { requeue_(take_refused()); })),
      self_(std::make_shared<Reroute*>(this)) {}

void Reroute::add_levels(const ledger::Account& account, std::vector<Intake*> levels) {
  MILLRACE_CHECK(!levels.empty());
  levels_[&account] = std::move(levels);
}

bool Reroute::takes(DropReason reason, const Obligation& owed) const {
  const bool may_pass = reason == DropReason::kHandedBack || reason == DropReason::kRetryExpired ||
                        reason == DropReason::kNotRetried;
  return may_pass && !is_stopped_ && !owed.is_awaited() && levels_.contains(&owed.account());
}

void Reroute::offer(PendingRequest request) {
  const uint64_t id = next_id_++;
  offers_.emplace(id, Offer{.request = std::move(request)});
  offer_to_next(id);
}

// To the next level that was not asked yet; all of it begins again later when there is none.
void Reroute::offer_to_next(uint64_t id) {
  Offer& offer = offers_.at(id);
  const PendingRequest& request = offer.request;
  const std::vector<Intake*>& levels = levels_.at(&request.owed.account());
  offer.is_offered = offer.next_level < levels.size();
  if (!offer.is_offered) {
    if (!requeue_timer_->armed()) requeue_timer_->arm_at(loop_.now() + wait_);
    return;
  }
  Payload copy{.signal = request.signal,
               .item_count = request.item_count(),
               .bytes = request.bytes,
               .metadata = request.metadata,
               .completion = nullptr,
               .admitted_at = request.admitted_at};
  Intake& level = *levels[offer.next_level++];
  const std::optional<Verdict> known_now = level.submit(std::move(copy), Policy::kDelivered, kNever,
                                                        [self = self_, id](const Verdict& verdict) {
                                                          if (*self != nullptr)
                                                            (*self)->on_verdict(id, verdict);
                                                        });
  if (known_now) on_verdict(id, *known_now);
}

void Reroute::on_verdict(uint64_t id, const Verdict& verdict) {
  const auto found = offers_.find(id);
  if (found == offers_.end()) return;  // taken at the end
  const bool was_refused_for_now = !verdict.ok() && verdict.retry_after;
  if (was_refused_for_now && !is_stopped_) {
    offer_to_next(id);
    return;
  }
  PendingRequest request = std::move(found->second.request);
  offers_.erase(found);
  if (was_refused_for_now) {
    settlement_.drop(std::move(request), DropReason::kDrainDeadline, verdict);
  } else {
    settlement_.hand_back(std::move(request));  // delivered, or refused for good, where it went
  }
}

std::vector<PendingRequest> Reroute::take_refused() {
  std::vector<PendingRequest> refused;
  for (auto offer = offers_.begin(); offer != offers_.end();) {
    if (offer->second.is_offered) {
      ++offer;
    } else {
      refused.push_back(std::move(offer->second.request));
      offer = offers_.erase(offer);
    }
  }
  return refused;
}

std::vector<PendingRequest> Reroute::take_all() {
  std::vector<PendingRequest> all;
  for (auto& [id, offer] : std::exchange(offers_, {})) all.push_back(std::move(offer.request));
  return all;
}

void Reroute::count_held(ledger::Held& held) const {
  for (const auto& [id, offer] : offers_) {
    held.add(offer.request.owed.account(), offer.request.amount());
  }
}

}  // namespace millrace::pipeline
