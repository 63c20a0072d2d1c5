// A storage directory as pipelines use it: appends what enters destinations with storage, and tells
// waiting senders when it is durable.
//
// Made before the loops run, after the destinations; outlives what uses it. Threads: any, unless
// stated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/loop.h"
#include "ledger/ledger.h"
#include "pipeline/payload.h"
#include "segment_log/log.h"
#include "storage/backlog.h"

namespace millrace::pipeline {

class Completion;

// One destination that a payload enters, and what became of it there.
struct StoreTarget {
  Backlog* backlog = nullptr;
  ledger::Account* account = nullptr;
  bool is_required = true;
  // Filled by store(). The caller then calls DestinationWorker::commit with the lease where memory
  // keeps the bytes, leave_on_disk where it does not, or withdraw.
  LeaseRef lease = {};
  bool in_memory = false;
};

class Storage final : public segment_log::Observer {
 public:
  // `log` has no observer yet; this becomes it.
  explicit Storage(segment_log::Log& log);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // Gives `queue` storage (once each) and `account` a target in it. Before the loops run.
  Status attach(StoredQueue& queue, ledger::Account& account, Budget& budget,
                const Backlog::Options& options);
  // A loop on which senders wait. Before the loops run.
  void add_loop(io::Loop& loop);

  // One record for those of `targets` that are of this storage and want one.
  Status append(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
                std::span<StoreTarget> targets, std::shared_ptr<Completion> waiter);
  // Puts a request that lies in memory only on disk instead. False: the disk refuses.
  bool append_pending(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
                      ledger::Account& account, Backlog& backlog);

  segment_log::Log& log() { return log_; }
  const segment_log::Log& log() const { return log_; }
  // The disk refuses now: what enters is refused, or lives in memory, as configured.
  std::string trouble() const { return log_.trouble(); }
  // After the lanes are gone.
  void clear();

  void on_lost(segment_log::TargetId target, segment_log::Loss loss, segment_log::Amount untaken,
               segment_log::RecordRange range) override;
  void on_room() override;

 private:
  struct Answer {
    std::shared_ptr<Completion> completion;
    Status status;
  };
  // Answers on their way to one loop: posted once for all that one commit made durable.
  struct Mailbox {
    io::Loop* loop;
    Mutex mutex;
    std::vector<Answer> answers MILLRACE_GUARDED_BY(mutex);
  };
  const std::shared_ptr<Mailbox>& mailbox_of(io::Loop& loop) const;
  static void deliver(Mailbox& mailbox);

  segment_log::Log& log_;
  Budget* budget_ = nullptr;         // of what is attached; set before the loops run
  std::vector<Backlog*> by_target_;  // fixed before the loops run
  std::vector<StoredQueue*> queues_;
  std::vector<std::shared_ptr<Mailbox>> mailboxes_;
};

// Decides for each target whether memory keeps the bytes, and writes one record to each storage
// that they want, whatever the number of its destinations. `waiter`, when not null, is made to owe
// one answer more for each record, which it gets when that is durable. All or nothing: after a
// failure no target holds anything. Error: what the storage said, kResourceExhausted or
// kUnavailable.
Status store(io::Loop& loop, const Payload& payload, uint32_t admitted_bytes,
             std::span<StoreTarget> targets, const std::shared_ptr<Completion>& waiter);
// The record alone stays; its bytes are read back when its turn comes. A sender that waits for
// delivery (payload.completion) goes on waiting.
void leave_on_disk(StoreTarget& target, Payload payload, uint32_t admitted_bytes);
// It does not enter after all.
void withdraw(StoreTarget& target);

}  // namespace millrace::pipeline
