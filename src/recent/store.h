// The requests that passed lately, each a copy of its bytes, in the order of arrival. Bounded by
// bytes, reserved in the budget under MemoryTerm::kRecent: the oldest make room for new ones, and
// all are given back when the budget is short.
//
// Any thread; takes a lock, so it is not for the path of a request (worker_tap.h is).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/signal.h"
#include "base/time.h"
#include "memory/budget.h"

namespace millrace::recent {

// The life of a collector in which requests were received.
struct Run {
  std::string id;  // service.instance.id; may be empty
  WallTime started_at;
};

// One request, or the part of it that a pipeline passed on.
struct Record {
  uint64_t number = 0;  // grows by 1 with each record; the first is 1
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;
  size_t pipeline = 0;  // index into Store::pipelines()
  size_t run = 0;       // index into Store::runs()
  WallTime received_at;
  Bytes bytes;  // one piece; valid as after admission
  Reservation memory;
};
// Shared: readers may still look at a record when it leaves the store.
using RecordRef = std::shared_ptr<const Record>;

// A request that is to be kept.
struct Arrival {
  Signal signal = Signal::kTraces;
  uint32_t item_count = 0;
  size_t pipeline = 0;
  size_t run = 0;
  WallTime received_at;
  MonotonicTime now;
  Rope bytes;
};

class Store {
 public:
  // `pipelines`: their names; `run`: this one. `budget` must outlive all records.
  Store(Budget& budget, size_t bytes_max, std::vector<std::string> pipelines, Run run = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // For requests of an earlier run, before any other thread uses the store: the index of that run
  // (a second call finds the same), and of a pipeline of that name.
  size_t add_run(const Run& run);
  size_t add_pipeline(std::string_view name);

  // Copies the bytes. Skips the request when it is larger than half of the store, or memory is
  // short.
  void add(const Arrival& arrival);
  // Counts requests that were not kept because they came too fast.
  void count_skipped(uint64_t requests) {
    skipped_count_.fetch_add(requests, std::memory_order_relaxed);
  }
  // Drops everything, and keeps nothing for a while: the budget has no room for messages. False:
  // there was nothing. One atomic read when there is nothing.
  bool give_back();

  // Records with a higher number than `number`, in order, at most `count_max`.
  std::vector<RecordRef> newer_than(uint64_t number, size_t count_max) const;
  // All of one signal, newest first.
  std::vector<RecordRef> newest_first(Signal signal) const;
  // The lowest number that is still held; above newest() when nothing is.
  uint64_t oldest_number() const;

  struct Numbers {
    size_t bytes = 0;  // with what each record costs beside its bytes
    size_t bytes_max = 0;
    uint64_t requests = 0;
    uint64_t kept_count = 0;     // since the start
    uint64_t skipped_count = 0;  // since the start
    std::optional<WallTime> oldest_at;
    uint64_t newest = 0;  // the number of the newest record; 0: there was none
  };
  Numbers numbers() const;
  // This run's in the order of the plan; behind them those that only earlier runs had.
  const std::vector<std::string>& pipelines() const { return pipelines_; }
  // The first is this one.
  const std::vector<Run>& runs() const { return runs_; }

 private:
  using Dropped = std::vector<RecordRef>;  // destroyed outside of the lock
  void drop_oldest(Dropped& dropped) MILLRACE_REQUIRES(mutex_);
  // Takes `cost` out of the bytes that are allowed. False: not now.
  bool make_room(size_t cost, MonotonicTime now);

  Budget& budget_;
  const size_t bytes_max_;
  std::vector<std::string> pipelines_;  // these two: constant once other threads use the store
  std::vector<Run> runs_;
  mutable Mutex mutex_;
  std::deque<RecordRef> records_ MILLRACE_GUARDED_BY(mutex_);
  uint64_t newest_ MILLRACE_GUARDED_BY(mutex_) = 0;
  MonotonicTime paused_until_ MILLRACE_GUARDED_BY(mutex_){};
  // Memory was short since the last arrival, which alone knows the time.
  bool is_pause_due_ MILLRACE_GUARDED_BY(mutex_) = false;
  // Written under the lock; give_back() reads it without, to find out that there is nothing.
  std::atomic<size_t> bytes_{0};
  std::atomic<uint64_t> skipped_count_{0};  // any thread adds; relaxed
};

}  // namespace millrace::recent
