#include "extensions/console/loss_times.h"

namespace millrace::extensions::console {

uint64_t LossTimes::items_of(const AccountState& account, size_t reason) {
  return reason == kRejectedByPeer ? account.counts.rejected_by_peer.items
                                   : account.counts.dropped[reason].items;
}

LossTimes::Key LossTimes::key_of(const AccountState& account) {
  return {account.signal, account.pipeline, account.destination};
}

void LossTimes::look(const State& state) {
  for (const AccountState& account : state.accounts) {
    for (size_t reason = 0; reason < kReasonCount; ++reason) {
      const uint64_t items = items_of(account, reason);
      if (items == 0) continue;
      Loss& loss = losses_[key_of(account)][reason];
      if (items == loss.items) continue;
      if (loss.items == 0) loss.times.first_at = state.now;
      loss.times.last_at = state.now;
      loss.items = items;
    }
  }
}

std::optional<LossTimes::Times> LossTimes::of(const AccountState& account, size_t reason) const {
  const auto found = losses_.find(key_of(account));
  if (found == losses_.end() || found->second[reason].items == 0) return std::nullopt;
  return found->second[reason].times;
}

}  // namespace millrace::extensions::console
