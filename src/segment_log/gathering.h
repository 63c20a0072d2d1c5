// How long a commit waits for company before it is written.
//
// A sync costs as much processor time as all else that a small request needs (hand-over to the
// lane, journal, interrupt, wake-up of the loop), and on a quick disk each request would get one of
// its own. Waiting always would be worse: a sender alone, or a few who send again as soon as they
// are answered, would be held up for nothing: who comes at once after an answer needs no wait, and
// nobody else comes. So only those count who come late in a wait, and how many did is what is
// expected of the next. A commit waits where that many are worth it beside those who wait already;
// now and then one waits to find out.
//
// Never: when the last commit is a while ago, or what waits is large enough to be worth its sync.
// 1,000 requests of 100 spans a second: 405 syncs a second for 910, 0.82 times the CPU of the whole
// collector; 3,000 a second: 0.52 times (ARCHITECTURE.md).
// One thread at a time (the log's lock). Its clock may jump: then there is a wait too few.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace millrace::segment_log {

class Gathering {
 public:
  static constexpr Duration kWait = 2ms;
  static constexpr Duration kLate = 300us;   // into a wait
  static constexpr Duration kSparse = 10ms;  // between commits: nobody is waited for
  static constexpr uint64_t kBytesEnough = 256 << 10;
  static constexpr uint32_t kExploreEvery = 256;  // commits

  // `count` records of `bytes` could be committed now. kWait, or zero: they should be.
  Duration wait_before_commit(size_t count, uint64_t bytes, WallTime now);
  // After a wait: how many came behind its first kLate.
  void waited(size_t late);
  void committed(WallTime now) { committed_at_ = now; }

 private:
  WallTime committed_at_{};
  bool is_exploring_ = false;
  uint32_t since_explored_ = kExploreEvery;  // the first chance is taken
  double late_ = 0;                          // expected of the next wait
};

}  // namespace millrace::segment_log
