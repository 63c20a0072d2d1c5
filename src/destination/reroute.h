// What becomes of data that a destination with hands_back cannot deliver and that no sender waits
// for.
//
// Usually a connector (connectors/failover) waits for the delivery of what it submits, and hears
// when it is handed back. A request on disk from an earlier run came in the same way, but its
// connector waits no more: dropping it as handed back would lose it. It is offered to the next
// levels, one after the other, and stays here, held and on disk, until one of them has delivered
// it. It does not go through the connector's own queue: the connector may try this destination
// first, and what it puts on this disk waits for the memory that is held here.
//
// One for each worker of a destination; on its loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.h"
#include "destination/pending_request.h"
#include "destination/settlement.h"
#include "io/loop.h"
#include "ledger/ledger.h"
#include "pipeline/intake.h"

namespace millrace::pipeline {

class Reroute {
 public:
  // `requeue` gets, in order, what every level has refused, `wait` after the first refusal: it
  // begins again in this destination, which may answer by then.
  using Requeue = std::function<void(std::vector<PendingRequest>)>;
  Reroute(io::Loop& loop, Duration wait, Settlement& settlement, Requeue requeue);
  ~Reroute() { close(); }
  Reroute(const Reroute&) = delete;
  Reroute& operator=(const Reroute&) = delete;

  // The levels that are asked, in this order, to deliver requests of `account`. Before the
  // loops run.
  void add_levels(const ledger::Account& account, std::vector<Intake*> levels);
  bool has_levels() const { return !levels_.empty(); }
  // Whether a request that would be dropped for that reason goes to the next levels instead.
  bool takes(ledger::DropReason reason, const Obligation& owed) const;
  // How much is under way is bounded by the queue's room that each request keeps.
  void offer(PendingRequest request);

  // Nothing is offered any more; a level that has a request may still deliver it. Once.
  void stop() { is_stopped_ = true; }
  // No verdict is heard any more either.
  void close() {
    stop();
    *self_ = nullptr;
  }
  // What no level has now, in order.
  std::vector<PendingRequest> take_refused();
  // Everything: what a level still answers is ignored.
  std::vector<PendingRequest> take_all();
  void count_held(ledger::Held& held) const;

 private:
  struct Offer {
    PendingRequest request;
    size_t next_level = 0;
    bool is_offered = false;  // the level before next_level has it; otherwise all have refused
  };
  void offer_to_next(uint64_t id);
  void on_verdict(uint64_t id, const Verdict& verdict);

  io::Loop& loop_;
  const Duration wait_;
  Settlement& settlement_;
  const Requeue requeue_;
  std::map<const ledger::Account*, std::vector<Intake*>> levels_;  // fixed before the loops run
  std::map<uint64_t, Offer> offers_;                               // in the order of offer()
  uint64_t next_id_ = 0;
  bool is_stopped_ = false;
  std::unique_ptr<io::Timer> requeue_timer_;
  // Verdicts may come after this is gone; they hold the token and look.
  std::shared_ptr<Reroute*> self_;
};

}  // namespace millrace::pipeline
