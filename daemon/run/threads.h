// The kernel's loops on threads, one per worker. The caller builds everything on the loops before
// start() and destroys it after stop_and_join().
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "io/epoll/epoll.h"
#include "io/loop.h"

namespace millrace::daemon {

class Threads {
 public:
  using OnTrouble = std::function<void(std::string_view what, const Error& error)>;
  // kWithConsole: one loop more, which is no worker's.
  enum class ConsoleLoop : uint8_t { kNone, kWithConsole };
  static Result<std::unique_ptr<Threads>> create(size_t worker_count, ConsoleLoop console,
                                                 OnTrouble on_trouble);
  ~Threads();

  std::vector<io::Loop*> loops() const;                     // the workers'
  io::Loop* console_loop() const { return console_loop_; }  // null: none
  void start();
  // Stops every loop and waits for its thread.
  void stop_and_join();

 private:
  std::vector<std::unique_ptr<io::Loop>> loops_;
  io::Loop* console_loop_ = nullptr;  // the last of loops_
  std::vector<std::thread> threads_;
};

}  // namespace millrace::daemon
