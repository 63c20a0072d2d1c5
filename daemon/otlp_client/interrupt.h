// SIGINT and SIGTERM for the load programs: the first signal calls back on the loop, the second one
// ends the process. One object at a time in a process.
#pragma once

#include <functional>
#include <memory>

#include "io/loop.h"

namespace millrace::load {

class InterruptWatch {
 public:
  InterruptWatch(io::Loop& loop, std::function<void()> on_interrupt);
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  void look();
  io::Loop& loop_;
  std::function<void()> on_interrupt_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::load
