// Counts what a destination did since the start, for the metrics. Threads: any; relaxed.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::pipeline {

class DestinationCounters {
 public:
  void add_sent_items(uint64_t items) { sent_items_.fetch_add(items, std::memory_order_relaxed); }
  // Dropped after trying, handed back included.
  void add_failed_items(uint64_t items) {
    failed_items_.fetch_add(items, std::memory_order_relaxed);
  }
  // Of those, what no other destination has; returns the total.
  uint64_t add_lost_items(uint64_t items) {
    return lost_items_.fetch_add(items, std::memory_order_relaxed) + items;
  }
  // Refused or dropped for want of room.
  void add_enqueue_failed_items(uint64_t items) {
    enqueue_failed_items_.fetch_add(items, std::memory_order_relaxed);
  }
  void add_retry() { retries_.fetch_add(1, std::memory_order_relaxed); }

  uint64_t sent_items() const { return sent_items_.load(std::memory_order_relaxed); }
  uint64_t failed_items() const { return failed_items_.load(std::memory_order_relaxed); }
  uint64_t enqueue_failed_items() const {
    return enqueue_failed_items_.load(std::memory_order_relaxed);
  }
  uint64_t retries() const { return retries_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> sent_items_{0};
  std::atomic<uint64_t> failed_items_{0};
  std::atomic<uint64_t> lost_items_{0};
  std::atomic<uint64_t> enqueue_failed_items_{0};
  std::atomic<uint64_t> retries_{0};
};

}  // namespace millrace::pipeline
