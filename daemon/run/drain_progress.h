// Shows on the terminal how much of what was held when a drain began is still held. One thread.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "daemon/terminal_text/progress.h"
#include "ledger/ledger.h"

namespace millrace::daemon {

class DrainProgress {
 public:
  // The drain begins; `ledger` must outlive this.
  DrainProgress(const ledger::Ledger& ledger, MonotonicTime now);

  bool is_shown() const { return line_.is_shown(); }
  void show(MonotonicTime now);

 private:
  const ledger::Ledger& ledger_;
  const MonotonicTime started_at_;
  uint64_t most_held_ = 0;  // what a request under way adds counts too
  terminal_text::ProgressLine line_;
};

// Items in the accounts that have not left yet. About: accounts move while they are read.
uint64_t items_inside(const ledger::Ledger& ledger);

}  // namespace millrace::daemon
