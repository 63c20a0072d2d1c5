#include "io/executor.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace millrace::io {
namespace {

constexpr size_t kThreadNameMax = 15;  // pthread_setname_np(3), without the NUL

class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(const std::string& name) : thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), name.substr(0, kThreadNameMax).c_str());
  }
  ~ThreadExecutor() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void submit(Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }
  void submit_after(Duration delay, Task task) override {
    {
      const std::lock_guard lock(mutex_);
      delayed_.emplace(Clock::now() + delay, std::move(task));
    }
    changed_.notify_one();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      queue_what_is_due();
      if (tasks_.empty()) {
        if (ending_) return;
        wait(lock);
        continue;
      }
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  void queue_what_is_due() {
    while (!delayed_.empty() && (ending_ || delayed_.begin()->first <= Clock::now())) {
      tasks_.push_back(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
  }
  void wait(std::unique_lock<std::mutex>& lock) {
    if (delayed_.empty()) {
      changed_.wait(lock);
    } else {
      const Clock::time_point until = delayed_.begin()->first;
      changed_.wait_until(lock, until);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::multimap<Clock::time_point, Task> delayed_;  // the key is the due time
  bool ending_ = false;
  std::thread thread_;  // the last member, because it uses all others
};

}  // namespace

std::unique_ptr<Executor> make_executor(const std::string& name) {
  return std::make_unique<ThreadExecutor>(name);
}

}  // namespace millrace::io
