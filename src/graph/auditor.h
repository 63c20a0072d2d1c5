// Audits the ledger while data moves (ledger/audit.h says how): asks what lives on each loop, walks
// the shared queues in pieces so that no loop stands still for a long one, asks the disks, and asks
// each loop again.
//
// Made after all that it audits, before the loops run; stopped or gone before them, when none runs.
// Threads: start_round on the first loop; the numbers from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "destination/destination.h"
#include "destination/destination_worker.h"
#include "graph/pipeline.h"
#include "io/loop.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"

namespace millrace::pipeline {

class Auditor {
 public:
  // All that holds something and lives on one loop.
  struct OnLoop {
    io::Loop* loop = nullptr;
    std::vector<DestinationWorker*> destinations;
    std::vector<PipelineWorker*> pipelines;
  };
  struct Parts {
    std::vector<OnLoop> loops;  // the first is the auditor's own
    std::vector<Destination*> destinations;
    const ledger::Ledger* ledger = nullptr;
    Logger* log = nullptr;
    // Called instead of stopping a build with debug checks; on the first loop.
    std::function<void(const ledger::Finding&)> on_finding = {};
  };
  explicit Auditor(Parts parts);
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  // Nothing while a round is under way.
  void start_round();
  // When no loop runs any more. The numbers stay.
  void stop() { *self_ = nullptr; }

  // Rounds that were concluded.
  uint64_t round_count() const;
  // The laws that are proven not to hold now; empty is what must be.
  std::vector<ledger::Finding> findings() const;
  // The amounts that the workers held when they were asked last, without the shared queues.
  ledger::Held recent_held() const;

 private:
  struct Report {
    ledger::Held held;
    std::vector<ledger::BookLine> books;
  };
  // `ask` on each loop, `on_report` here for each; `then` here after the last.
  void ask_all(const std::function<Report(const OnLoop&)>& ask,
               std::function<void(const Report&)> on_report, std::function<void()> then);
  static Report books_of(const OnLoop& on_loop);
  void walk_on();
  void ask_disks();
  void conclude();
  void tell(const ledger::Finding& finding) const;

  const Parts parts_;
  io::Loop& loop_;
  // Tasks may run after this is gone; they hold the token and look. Read on any of the loops,
  // written when none runs, or on the only one.
  std::shared_ptr<Auditor*> self_;
  ledger::Audit audit_;
  bool is_under_way_ = false;
  ledger::Held round_held_;
  size_t destination_ = 0;  // whose queue is being walked
  SendingQueue::Walk walk_;

  mutable Mutex mutex_;  // once a round, and by readers of the results
  uint64_t round_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
  std::vector<ledger::Finding> findings_ MILLRACE_GUARDED_BY(mutex_);
  ledger::Held recent_held_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::pipeline
