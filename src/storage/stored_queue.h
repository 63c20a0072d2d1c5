// The queue in front of a backlog, as far as the backlog must know it. A SendingQueue is one, and
// each of its workers is a reader. So storage knows neither.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "ledger/ledger.h"
#include "pipeline/payload.h"
#include "segment_log/log.h"

namespace millrace::pipeline {

class Backlog;
class RecordLease;

// The queue in memory of one destination with storage. Threads: any.
class StoredQueue {
 public:
  virtual ~StoredQueue() = default;
  virtual const std::string& name() const = 0;  // "otlp_grpc/backup"

  // The owner of the backlog. set_backlog before the workers are made.
  virtual Backlog* backlog() const = 0;
  virtual void set_backlog(std::unique_ptr<Backlog> backlog) = 0;

  // Slots in memory. They are reserved apart from the queue's capacity, because requests on disk
  // only has none.
  virtual bool try_reserve_slot() = 0;
  virtual void release_slot() = 0;
  // There is room for what a read brings.
  virtual bool has_slots_for_reading() const = 0;

  // Records found on disk count against the capacity, even beyond it.
  virtual void reserve_recovered(const segment_log::Amount& amount) = 0;
  // Reserves the cost of a record whose parts stay on disk, instead of what these have reserved.
  virtual void reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) = 0;
  virtual void release_lost(const segment_log::Amount& amount) = 0;
  // There may be room again: submissions that wait for it try again.
  virtual void wake_waiting() = 0;
};

// A worker that takes what was read from disk into the queue. Used on its loop only.
class BacklogReader {
 public:
  virtual ~BacklogReader() = default;
  // Enqueues a record that was read; its place in the queue is reserved.
  virtual void enqueue_read(segment_log::Record record, ledger::Account& account,
                            std::shared_ptr<RecordLease> lease,
                            std::shared_ptr<Completion> waiter) = 0;
  // Calls Backlog::feed in that time.
  virtual void feed_later(Duration wait) = 0;
};

}  // namespace millrace::pipeline
