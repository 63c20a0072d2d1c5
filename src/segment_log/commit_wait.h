// How long a commit waits for more records before it is written.
//
// A sync costs as much processor time as all other work for a small request (submitting to the
// lane, journal, interrupt, waking the loop), and on a fast disk each request would get a sync of
// its own. A wait before each commit would be worse: a lone sender, and a few senders that send
// again as soon as they are answered, would be delayed for nothing, because a request that follows
// an answer at once needs no wait and no other request comes. So only requests that arrive late in
// a wait count, and their number predicts the next wait. A commit waits when that number is large
// enough beside the requests that wait already; once in a while one waits to measure it again.
//
// A commit does not wait when the last one is long ago, or when the pending bytes justify a sync.
// 1,000 requests of 100 spans a second: 405 syncs a second for 910, 0.82 times the CPU of the whole
// collector; 3,000 a second: 0.52 times (docs/performance.md).
// One thread at a time (the log's lock). When its clock jumps, a wait is left out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace millrace::segment_log {

class CommitWait {
 public:
  static constexpr Duration kWait = 2ms;
  static constexpr Duration kLate = 300us;   // a request is late when it arrives after this time
  static constexpr Duration kSparse = 10ms;  // commits further apart do not wait
  static constexpr uint64_t kBytesEnough = 256 << 10;
  static constexpr uint32_t kExploreEvery = 256;  // so many commits apart a wait measures again

  // `count` records of `bytes` could be committed now. Returns kWait, or zero to commit them.
  Duration wait_before_commit(size_t count, uint64_t bytes, WallTime now);
  // After a wait: `late` requests arrived after its first kLate.
  void waited(size_t late);
  void committed(WallTime now) { committed_at_ = now; }

 private:
  WallTime committed_at_{};
  bool is_exploring_ = false;
  uint32_t since_explored_ = kExploreEvery;  // the first possible wait measures
  double late_ = 0;                          // late requests that the next wait will have
};

}  // namespace millrace::segment_log
