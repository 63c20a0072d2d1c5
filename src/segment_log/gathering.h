// How long a commit waits for company before it is written.
//
// A sync costs about as much processor time as all else that a small request needs (hand-over to
// the lane, journal, interrupt, wake-up of the loop), and on a quick disk each request would get
// one of its own. Waiting always would be worse: a sender alone, or a few who send again as soon as
// they are answered, would wait for nobody. So it is learned from what waiting brought: how many
// came within a short wait, and how many in the rest of a long one. The next commit waits only
// where that many are worth it beside those who wait already, and now and then one waits long to
// find out.
//
// Never: when the last commit is a while ago, or what waits is large enough to be worth its sync.
// One thread at a time (the log's lock). Its clock may jump: then there is a wait too few.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace millrace::segment_log {

class Gathering {
 public:
  static constexpr Duration kShortWait = 300us;
  static constexpr Duration kLongWait = 2ms;
  static constexpr Duration kSparse = 10ms;  // between commits: nobody is waited for
  static constexpr uint64_t kBytesEnough = 256 << 10;
  static constexpr uint32_t kExploreEvery = 256;  // commits

  // `count` records of `bytes` could be committed now. Zero: they should be.
  Duration wait_before_commit(size_t count, uint64_t bytes, WallTime now);
  // After a wait: how many came within kShortWait, and how many behind it.
  void waited(size_t early, size_t late);
  void committed(WallTime now) { committed_at_ = now; }

 private:
  bool is_worth(double gain, size_t count) const;

  WallTime committed_at_{};
  Duration waiting_{};
  bool is_exploring_ = false;
  uint32_t since_explored_ = kExploreEvery;  // the first chance is taken
  double early_ = 0;                         // expected of the next wait
  double late_ = 0;
};

}  // namespace millrace::segment_log
