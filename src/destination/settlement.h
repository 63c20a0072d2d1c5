// Ends what is owed: enters it in the ledger, answers the sender that waits, gives back the queue's
// room, keeps a dead letter of what is dropped after trying, and says in the log what is lost.
//
// One for each worker of a destination; on its loop. Every obligation ends here and nowhere else.
#pragma once

#include <cstdint>
#include <optional>

#include "base/log.h"
#include "destination/destination.h"
#include "destination/flight.h"
#include "destination/pending_request.h"
#include "io/loop.h"
#include "ledger/book.h"
#include "pipeline/dead_letters.h"
#include "pipeline/exporter.h"
#include "pipeline/verdict.h"

namespace millrace::pipeline {

class Settlement {
 public:
  // `log` and `dead_letters` may be null; all outlive this.
  Settlement(Destination& destination, io::Loop& loop, Logger* log, DeadLetters* dead_letters);

  // Records all that this worker does in the accounts of this destination.
  ledger::Book& book() { return book_; }
  const ledger::Book& book() const { return book_; }
  bool keeps_dead_letters() const { return dead_letters_ != nullptr; }

  // The destination has the batch, less outcome.rejected_count items. Those cannot be attributed to
  // requests, unless the batch is exactly one: its sender gets the count, others a warning.
  void deliver(Flight& flight, const Outcome& outcome);
  // The batch was tried and is not delivered. What has a record stays on disk when the process
  // ends.
  void drop(Flight& flight, ledger::DropReason reason, const Verdict& verdict);
  // The request was not tried.
  void drop(PendingRequest request, ledger::DropReason reason, const Verdict& verdict);
  // The request's record stays on disk for the next start.
  void leave_on_disk(PendingRequest request, const Verdict& verdict);
  // The request lay in memory only, and a record was just written for the next start.
  void note_written(PendingRequest request, const Verdict& verdict);
  // Another destination has settled the request: it counts there.
  void hand_back(PendingRequest request);

  // What found no room and is refused, or dropped where the destination is best effort or no sender
  // waits any more: counted, and said in the log (loss_report.h). It never entered.
  void count_refused(uint32_t items, LossReport::Refusal reason);
  void count_dropped_at_the_queue(uint32_t items);

  // Between the two, drops are counted and not logged; end_summary writes one line for all of them.
  void begin_summary() { summary_items_ = 0; }
  void end_summary(ledger::DropReason reason);

 private:
  bool keep_dead_letter(const Flight& flight, ledger::DropReason reason);
  void answer(Obligation& owed, const Verdict& verdict);
  void log_drop(const Flight& flight, ledger::DropReason reason, const Verdict& verdict,
                uint64_t items, bool has_dead_letter);

  Destination& destination_;
  const DestinationOptions& options_;
  io::Loop& loop_;
  Logger* const log_;
  DeadLetters* const dead_letters_;
  ledger::Book book_;
  std::optional<uint64_t> summary_items_;  // set between begin_summary and end_summary
};

}  // namespace millrace::pipeline
