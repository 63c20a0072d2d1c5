// The lease of a record in the log for one request in one destination, and the memory that the
// request's bytes take. The parts that the request is cut into share it: when the last of them is
// gone, the record is finished, or returned to the disk when parts of it were left there.
//
// Threads: any for leave and leave_part; the others before the lease is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "memory/budget.h"
#include "segment_log/log.h"

namespace millrace::pipeline {

class Backlog;

class RecordLease {
 public:
  // `bytes` were taken with Backlog::try_keep_in_memory, or are 0 where only the disk has them.
  RecordLease(Backlog& backlog, uint64_t bytes) : backlog_(backlog), memory_bytes_(bytes) {}
  ~RecordLease();
  RecordLease(const RecordLease&) = delete;
  RecordLease& operator=(const RecordLease&) = delete;

  // From now on this is the lease of that record, which the log has handed out.
  void set_record(segment_log::TargetId target, segment_log::RecordId id) {
    target_ = target;
    id_ = id;
    has_record_ = true;
  }
  // The disk did not take the record.
  void forget_record() { has_record_ = false; }
  // Memory of the budget for bytes that were read back.
  void hold(Reservation reservation) { reservation_ = std::move(reservation); }

  bool is_on_disk() const { return has_record_; }
  segment_log::RecordId record() const { return id_; }

  // Leaves so much of the record on disk: this process sends it no more.
  void leave(uint64_t items, uint64_t admitted_bytes, uint64_t payload_bytes);
  // Leaves a part, and with it `cost` of the queue's capacity. Of the record's cost other parts may
  // have released more than their share.
  void leave_part(uint64_t items, uint64_t admitted_bytes, uint64_t payload_bytes, uint64_t cost);

 private:
  Backlog& backlog_;
  const uint64_t memory_bytes_;
  bool has_record_ = false;
  segment_log::TargetId target_ = 0;
  segment_log::RecordId id_ = 0;
  Reservation reservation_;
  // The sums of what was left. Ordered by the reference count of the parts that share this, so
  // relaxed.
  std::atomic<bool> is_left_{false};
  std::atomic<bool> is_in_parts_{false};
  std::atomic<uint64_t> cost_{0};  // of those parts
  std::atomic<uint64_t> items_{0};
  std::atomic<uint64_t> admitted_bytes_{0};
  std::atomic<uint64_t> payload_bytes_{0};
};
using LeaseRef = std::shared_ptr<RecordLease>;

}  // namespace millrace::pipeline
