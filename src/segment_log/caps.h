// The caps of destinations, and which of them the read lane has still to keep.
// One thread at a time (the log's lock).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "io/executor.h"
#include "segment_log/untaken_sums.h"

namespace millrace::segment_log {

class Caps {
 public:
  struct Entry {
    uint64_t targets = 0;  // a bit for each
    Cap cap;
    bool is_scheduled = false;
  };

  explicit Caps(io::Executor& lane) : lane_(lane) {}
  // What the lane runs for the cap of that position. Before all other calls.
  void set_task(std::function<void(size_t)> task) { task_ = std::move(task); }
  // Replaces what was said about any of the targets. Before the first schedule().
  void set(uint64_t targets, const Cap& cap) {
    std::erase_if(entries_, [targets](const Entry& entry) {
      MILLRACE_CHECK(!entry.is_scheduled);
      return (entry.targets & targets) != 0;
    });
    entries_.push_back({.targets = targets, .cap = cap});
  }

  const std::vector<Entry>& entries() const { return entries_; }
  // Payload bytes that the targets have untaken beyond their cap.
  static uint64_t excess(const Entry& entry, const UntakenSums& untaken) {
    if (entry.cap.payload_bytes_max == 0) return 0;
    const uint64_t bytes = untaken.payload_bytes(entry.targets);
    return bytes - std::min(bytes, entry.cap.payload_bytes_max);
  }
  // Schedules a task for each cap that concerns the target and is passed, unless one is on its way.
  void schedule(TargetId target, const UntakenSums& untaken) {
    for (size_t i = 0; i < entries_.size(); ++i) {
      Entry& entry = entries_[i];
      if ((entry.targets >> target & 1) == 0 || entry.is_scheduled) continue;
      if (excess(entry, untaken) == 0) continue;
      entry.is_scheduled = true;
      lane_.submit([this, i] { task_(i); });
    }
  }
  // The task of that cap runs; the next schedule() may submit another.
  const Entry& begin_task(size_t at) {
    MILLRACE_CHECK(entries_[at].is_scheduled);
    entries_[at].is_scheduled = false;
    return entries_[at];
  }

 private:
  io::Executor& lane_;
  std::function<void(size_t)> task_;
  std::vector<Entry> entries_;
};

}  // namespace millrace::segment_log
