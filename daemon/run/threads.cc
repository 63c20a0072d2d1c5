#include "daemon/run/threads.h"

#include <pthread.h>

#include <string>

namespace millrace::daemon {

Result<std::unique_ptr<Threads>> Threads::create(size_t worker_count, ConsoleLoop console,
                                                 OnTrouble on_trouble) {
  auto threads = std::make_unique<Threads>();
  const auto resolver = std::make_shared<io::Resolver>();
  const bool has_console = console == ConsoleLoop::kWithConsole;
  for (size_t index = 0; index < worker_count + (has_console ? 1 : 0); ++index) {
    auto loop = io::make_epoll_loop({.resolver = resolver, .seed = 0, .on_trouble = on_trouble});
    if (!loop) return fail(loop.error());
    threads->loops_.push_back(std::move(*loop));
  }
  if (has_console) threads->console_loop_ = threads->loops_.back().get();
  return threads;
}

Threads::~Threads() = default;

std::vector<io::Loop*> Threads::loops() const {
  std::vector<io::Loop*> loops;
  for (const auto& loop : loops_) {
    if (loop.get() != console_loop_) loops.push_back(loop.get());
  }
  return loops;
}

void Threads::start() {
  for (size_t index = 0; index < loops_.size(); ++index) {
    threads_.emplace_back([loop = loops_[index].get()] { loop->run(); });
    const bool is_console = loops_[index].get() == console_loop_;
    const std::string name = is_console ? "console" : "worker-" + std::to_string(index);
    pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

void Threads::stop_and_join() {
  for (const auto& loop : loops_) loop->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace millrace::daemon
