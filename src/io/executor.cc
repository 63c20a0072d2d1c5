#include "io/executor.h"

#include <pthread.h>

#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "base/mutex.h"

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
      const MutexLock lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void submit(Task task) override {
    {
      const MutexLock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }
  void submit_after(Duration delay, Task task) override {
    {
      const MutexLock lock(mutex_);
      delayed_.emplace(Clock::now() + delay, std::move(task));
    }
    changed_.notify_one();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void run() {
    MutexLock lock(mutex_);
    while (true) {
      queue_what_is_due();
      if (tasks_.empty()) {
        if (ending_) return;
        wait();
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

  void queue_what_is_due() MILLRACE_REQUIRES(mutex_) {
    while (!delayed_.empty() && (ending_ || delayed_.begin()->first <= Clock::now())) {
      tasks_.push_back(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
  }
  void wait() MILLRACE_REQUIRES(mutex_) {
    if (delayed_.empty()) {
      changed_.wait(mutex_);
    } else {
      const Clock::time_point until = delayed_.begin()->first;
      changed_.wait_until(mutex_, until);
    }
  }

  Mutex mutex_;
  Condition changed_;
  std::deque<Task> tasks_ MILLRACE_GUARDED_BY(mutex_);
  // The key is the due time.
  std::multimap<Clock::time_point, Task> delayed_ MILLRACE_GUARDED_BY(mutex_);
  bool ending_ MILLRACE_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member, because it uses all others
};

}  // namespace

std::unique_ptr<Executor> make_executor(const std::string& name) {
  return std::make_unique<ThreadExecutor>(name);
}

}  // namespace millrace::io
