// A lane runs blocking tasks (disk) one after another, off the event loops. executor.cc gives a
// lane a thread of its own; io/sim/sim_executor.h runs it inside a simulated world.
//
// Threads: submit() may be called from any thread, also from a task of the lane.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"

namespace millrace::io {

class Executor {
 public:
  // The kernel's implementation first runs all queued tasks, and the tasks that these submit,
  // before the destructor returns.
  virtual ~Executor() = default;
  // Runs `task` after all tasks that were submitted before. Never blocks.
  virtual void submit(Task task) = 0;
  // Runs `task` after `delay`, behind the tasks queued at that time; other tasks run meanwhile. The
  // kernel's implementation runs it at once when the lane is destroyed earlier. Never blocks.
  virtual void submit_after(Duration delay, Task task) = 0;
};

// Creates a lane on a thread with that name (`top -H` shows its first 15 bytes).
std::unique_ptr<Executor> make_executor(const std::string& name);

}  // namespace millrace::io
