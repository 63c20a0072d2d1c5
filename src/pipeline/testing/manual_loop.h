// A loop that a test turns by hand, with a clock that moves only when told. No sockets.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "io/loop.h"

namespace millrace::pipeline::testing {

class ManualLoop final : public io::Loop {
 public:
  explicit ManualLoop(uint64_t seed = 1) : random_(seed) {}

  MonotonicTime now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(1'700'000'000s + now_.time_since_epoch()); }
  Random& random() override { return random_; }
  std::unique_ptr<io::Timer> make_timer(io::Task task) override {
    return std::make_unique<ManualTimer>(*this, std::move(task));
  }
  void post(io::Task task) override {
    const MutexLock lock(mutex_);
    posted_.push_back(std::move(task));
  }
  void defer(io::Task task) override { deferred_.push_back(std::move(task)); }
  void drop_tasks() override {
    while (true) {
      std::deque<io::Task> posted = take_posted();
      if (posted.empty() && deferred_.empty()) return;
      posted.clear();
      std::exchange(deferred_, {}).clear();
    }
  }
  Result<std::unique_ptr<io::Listener>> listen(
      const io::ListenOptions&, std::function<void(std::unique_ptr<io::Stream>)>) override {
    return fail(Code::kUnimplemented, "no sockets here");
  }
  std::unique_ptr<io::Stream> connect(const io::ConnectOptions&) override { return nullptr; }
  std::unique_ptr<Resolution> resolve(
      const std::string&, uint16_t,
      std::function<void(Result<std::vector<io::Address>>)>) override {
    return nullptr;
  }
  void run() override {}
  void stop() override {}

  // One turn: what was posted, then timers that are due, then what was deferred. True if anything
  // ran.
  bool turn() {
    std::deque<io::Task> posted = take_posted();
    bool ran = !posted.empty();
    for (io::Task& task : posted) task();
    while (ManualTimer* timer = due()) {
      ran = true;
      timer->disarm();
      timer->task();
    }
    while (!deferred_.empty()) {
      ran = true;
      io::Task task = std::move(deferred_.front());
      deferred_.pop_front();
      task();
    }
    return ran;
  }
  // Posted tasks that have not run.
  size_t posted_count() {
    const MutexLock lock(mutex_);
    return posted_.size();
  }
  void run_until_idle() {
    for (int turns = 0; turn(); ++turns) MILLRACE_CHECK(turns < 100'000);
  }
  // Moves the clock from timer to timer, running everything on the way.
  void advance(Duration by) {
    const MonotonicTime end = now_ + by;
    run_until_idle();
    while (next_timer() <= end) {
      now_ = std::max(now_, next_timer());
      run_until_idle();
    }
    now_ = end;
    run_until_idle();
  }
  void set_now(MonotonicTime now) { now_ = now; }
  MonotonicTime next_timer() const {
    MonotonicTime first = kNever;
    for (const ManualTimer* timer : timers_) first = std::min(first, timer->when);
    return first;
  }

 private:
  struct ManualTimer final : io::Timer {
    ManualTimer(ManualLoop& owner, io::Task on_expiry) : loop(owner), task(std::move(on_expiry)) {
      loop.timers_.push_back(this);
    }
    ~ManualTimer() override { std::erase(loop.timers_, this); }
    void arm_at(MonotonicTime at) override { when = at; }
    void disarm() override { when = kNever; }
    bool armed() const override { return when != kNever; }
    ManualLoop& loop;
    io::Task task;
    MonotonicTime when = kNever;
  };
  std::deque<io::Task> take_posted() {
    const MutexLock lock(mutex_);
    return std::exchange(posted_, {});
  }
  ManualTimer* due() {
    for (ManualTimer* timer : timers_) {
      if (timer->when <= now_) return timer;
    }
    return nullptr;
  }

  MonotonicTime now_{Duration(1h)};
  Random random_;
  std::vector<ManualTimer*> timers_;
  std::deque<io::Task> deferred_;
  Mutex mutex_;
  std::deque<io::Task> posted_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::pipeline::testing
