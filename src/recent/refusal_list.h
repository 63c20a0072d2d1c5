// The requests that were refused lately, with sender and reason. Bounded: the newest kCountMax;
// equal refusals in a row are one entry with a count.
//
// RefusalList: any thread, a lock for each call.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "reception/request_watcher.h"

namespace millrace::recent {

inline constexpr size_t kRefusalTextBytesMax = 2000;

struct RefusalEntry {
  uint64_t id = 0;  // grows with each new entry
  WallTime at;      // the last one
  std::string receiver;
  std::string transport;
  std::string signal;  // "unknown" where the request did not tell
  std::string reason;  // a snake_case word
  std::string detail;  // the answer's message
  std::string peer;
  uint64_t count = 1;
};

RefusalEntry make_refusal(const reception::RequestWatcher::Refused& refused, WallTime now);
// Counts `next` in `last` when they are the same refusal to the same host. False: they differ.
bool try_join(RefusalEntry& last, const RefusalEntry& next);

class RefusalList {
 public:
  static constexpr size_t kCountMax = 200;
  // The id of `entry` is given here.
  void add(RefusalEntry entry);
  // Newest first.
  std::vector<RefusalEntry> newest(size_t count_max) const;
  // Entries with a higher id, oldest first.
  std::vector<RefusalEntry> newer_than(uint64_t id) const;
  uint64_t total() const;  // since the start, also those that are forgotten

 private:
  mutable Mutex mutex_;
  std::deque<RefusalEntry> entries_ MILLRACE_GUARDED_BY(mutex_);  // oldest first
  uint64_t last_id_ MILLRACE_GUARDED_BY(mutex_) = 0;
  uint64_t total_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::recent
