// The sums of the untaken records of each target, pending ones and those in segments.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/check.h"
#include "segment_log/log.h"

namespace millrace::segment_log {

// The number of untaken records of each target, for readers that do not hold the log's lock.
// Threads: any. Sequentially consistent, because a thread that makes a record untaken and one that
// stops reading must not miss each other (Backlog::feed).
class UntakenRecords {
 public:
  uint64_t of(TargetId target) const { return counts_[target].load(std::memory_order_seq_cst); }
  void set(TargetId target, uint64_t records) {
    counts_[target].store(records, std::memory_order_seq_cst);
  }

 private:
  std::array<std::atomic<uint64_t>, kTargetsMax> counts_{};
};

// One thread at a time (the log's lock).
class UntakenSums {
 public:
  // Keeps `records` in step with the sums.
  explicit UntakenSums(UntakenRecords& records) : records_(records) {}

  const Amount& of(TargetId target) const { return sums_[target]; }
  // Returns the sum over all targets that have a bit in `targets`.
  uint64_t payload_bytes(uint64_t targets) const {
    uint64_t bytes = 0;
    for (uint64_t rest = targets; rest != 0; rest &= rest - 1) {
      bytes += sums_[static_cast<size_t>(std::countr_zero(rest))].payload_bytes;
    }
    return bytes;
  }
  void add(TargetId target, const Amount& amount) {
    sums_[target] += amount;
    records_.set(target, sums_[target].records);
  }
  // Precondition: the sum holds that much.
  void remove(TargetId target, const Amount& amount) {
    const Amount& sum = sums_[target];
    MILLRACE_CHECK(sum.records >= amount.records && sum.items >= amount.items &&
                   sum.admitted_bytes >= amount.admitted_bytes &&
                   sum.payload_bytes >= amount.payload_bytes);
    sums_[target] -= amount;
    records_.set(target, sums_[target].records);
  }

 private:
  UntakenRecords& records_;
  std::array<Amount, kTargetsMax> sums_{};
};

}  // namespace millrace::segment_log
