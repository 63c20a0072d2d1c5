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
  static Result<std::unique_ptr<Threads>> create(size_t worker_count, OnTrouble on_trouble);
  ~Threads();

  std::vector<io::Loop*> loops() const;
  void start();
  // Stops every loop and waits for its thread.
  void stop_and_join();

 private:
  std::vector<std::unique_ptr<io::Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace::daemon
