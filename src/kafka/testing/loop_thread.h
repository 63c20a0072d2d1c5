// A loop that runs on a thread of its own, for tests with a library that has threads.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "io/epoll/epoll.h"
#include "io/loop.h"

namespace millrace::kafka::testing {

class LoopThread {
 public:
  LoopThread() : loop_(*io::make_epoll_loop()), thread_([this] { loop_->run(); }) {}
  ~LoopThread() {
    loop_->stop();
    thread_.join();
  }
  io::Loop& loop() { return *loop_; }

  // Runs `task` on the loop and waits for its result.
  template <class Task>
  auto run(Task task) {
    std::packaged_task<decltype(task())()> packaged(std::move(task));
    auto result = packaged.get_future();
    loop_->post([&packaged] { packaged(); });
    return result.get();
  }
  // Asks on the loop, again and again. False: not within `timeout`.
  bool wait_for(const std::function<bool()>& condition,
                std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    while (!run(condition)) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

 private:
  std::unique_ptr<io::Loop> loop_;
  std::thread thread_;
};

}  // namespace millrace::kafka::testing
