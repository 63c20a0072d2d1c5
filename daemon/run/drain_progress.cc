#include "daemon/run/drain_progress.h"

#include <algorithm>

namespace millrace::daemon {

uint64_t items_inside(const ledger::Ledger& ledger) {
  ledger::AccountSnapshot all;
  for (const ledger::Account* account : ledger.accounts()) all += account->snapshot();
  const uint64_t entered = all.entered().items;
  const uint64_t left = all.left().items;
  return entered - std::min(entered, left);
}

DrainProgress::DrainProgress(const ledger::Ledger& ledger, MonotonicTime now)
    : ledger_(ledger), started_at_(now), most_held_(items_inside(ledger)) {}

void DrainProgress::show(MonotonicTime now) {
  const uint64_t held = items_inside(ledger_);
  most_held_ = std::max(most_held_, held);
  line_.show({.noun = "held items delivered or given up",
              .done = most_held_ - held,
              .total = most_held_,
              .elapsed = now - started_at_});
}

}  // namespace millrace::daemon
