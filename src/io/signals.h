// Signals as calls on a loop, for a daemon's main. The library never installs any by itself.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

// Blocks `signals` in the calling thread, and so in every thread it starts from then on: make it
// before any other thread. A thread of its own receives them and posts `on_signal` to the loop, one
// call for each signal received; signals that come faster than they are received are merged by the
// kernel. Destroying it unblocks them again, in the thread that destroys it; the loop must still be
// there.
class SignalWatch {
 public:
  virtual ~SignalWatch() = default;
};
Result<std::unique_ptr<SignalWatch>> watch_signals(Loop& loop, const std::vector<int>& signals,
                                                   std::function<void(int)> on_signal);

}  // namespace millrace::io
