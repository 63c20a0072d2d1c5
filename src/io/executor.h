// A lane: tasks that block (disk) run one after another, off the event loops. executor.cc gives a
// lane a thread of its own; io/sim/sim_executor.h runs it inside a simulated world.
//
// Threads: submit() may be called from any, also from a task of the lane.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"

namespace millrace::io {

class Executor {
 public:
  // Implementations: the kernel's runs what is queued before it returns; tasks that are submitted
  // by those run too.
  virtual ~Executor() = default;
  // Runs `task` after all that were submitted before. Never blocks.
  virtual void submit(Task task) = 0;
  // Runs `task` when `delay` has passed, behind what waits then; the lane is free for others
  // meanwhile. When the lane is destroyed before, the kernel's runs it at once. Never blocks.
  virtual void submit_after(Duration delay, Task task) = 0;
};

// A lane on a thread of that name (the first 15 bytes of it show in `top -H`).
std::unique_ptr<Executor> make_executor(const std::string& name);

}  // namespace millrace::io
