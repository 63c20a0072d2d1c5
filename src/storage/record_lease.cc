#include "storage/record_lease.h"

#include "storage/backlog.h"

namespace millrace::pipeline {

RecordLease::~RecordLease() {
  const bool is_left = is_left_.load(std::memory_order_relaxed);
  if (has_record_ && is_left) {
    const segment_log::Amount rest{
        .records = 1,
        .items = items_.load(std::memory_order_relaxed),
        .admitted_bytes = admitted_bytes_.load(std::memory_order_relaxed),
        .payload_bytes = payload_bytes_.load(std::memory_order_relaxed)};
    // Before the log may drop the record and so release what it costs.
    if (is_in_parts_.load(std::memory_order_relaxed)) {
      backlog_.reserve_for_rest(rest, cost_.load(std::memory_order_relaxed));
    }
    backlog_.log().untake(target_, id_, rest);
  } else if (has_record_) {
    backlog_.log().finish(target_, id_);
  }
  if (is_left) backlog_.note_arrival();
  backlog_.free_memory(memory_bytes_);
}

void RecordLease::leave(uint64_t items, uint64_t admitted_bytes, uint64_t payload_bytes) {
  if (!is_left_.exchange(true, std::memory_order_relaxed)) backlog_.note_departure();
  items_.fetch_add(items, std::memory_order_relaxed);
  admitted_bytes_.fetch_add(admitted_bytes, std::memory_order_relaxed);
  payload_bytes_.fetch_add(payload_bytes, std::memory_order_relaxed);
}

void RecordLease::leave_part(uint64_t items, uint64_t admitted_bytes, uint64_t payload_bytes,
                             uint64_t cost) {
  is_in_parts_.store(true, std::memory_order_relaxed);
  cost_.fetch_add(cost, std::memory_order_relaxed);
  leave(items, admitted_bytes, payload_bytes);
}

}  // namespace millrace::pipeline
