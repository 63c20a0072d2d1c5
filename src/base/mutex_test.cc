#include "base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace millrace {
namespace {

using std::chrono::steady_clock;

// A number that threads wait for.
class Number {
 public:
  void set(int value) {
    const MutexLock lock(mutex_);
    value_ = value;
    changed_.notify_all();
  }
  void wait_for(int value) {
    const MutexLock lock(mutex_);
    while (value_ != value) changed_.wait(mutex_);
  }
  // False: the deadline passed first.
  bool wait_until(int value, steady_clock::time_point deadline) {
    const MutexLock lock(mutex_);
    while (value_ != value) {
      if (!changed_.wait_until(mutex_, deadline)) return value_ == value;
    }
    return true;
  }
  // Sets it in a gap of a lock that is held before and after.
  void set_in_gap(int value) {
    MutexLock lock(mutex_);
    lock.unlock();
    set(value);
    lock.lock();
    value_ += 1;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  int value_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, AWaitReleasesTheMutexAndEndsWhenTheConditionHolds) {
  Number number;
  std::thread setter([&number] { number.set(7); });
  number.wait_for(7);
  setter.join();
}

TEST(MutexTest, AWaitWithADeadlineEnds) {
  Number number;
  EXPECT_FALSE(number.wait_until(1, steady_clock::now() + std::chrono::milliseconds(5)));
  number.set(1);
  EXPECT_TRUE(number.wait_until(1, steady_clock::now()));
}

TEST(MutexTest, ALockWithAGapHoldsTheMutexAgainBehindIt) {
  Number number;
  number.set_in_gap(1);
  EXPECT_TRUE(number.wait_until(2, steady_clock::now()));
}

TEST(MutexTest, ATimedMutexIsNotWaitedForBeyondTheDeadline) {
  TimedMutex mutex;
  const MutexLock lock(mutex);
  std::thread other([&mutex] {
    if (mutex.try_lock_until(steady_clock::now() + std::chrono::milliseconds(5))) {
      mutex.unlock();
      ADD_FAILURE() << "two threads hold the mutex";
    }
  });
  other.join();
}

TEST(MutexTest, ALockTakesOverAMutexThatIsHeld) {
  TimedMutex mutex;
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  if (mutex.try_lock_until(deadline)) {
    const MutexLock lock(mutex, std::adopt_lock);
  }
  if (mutex.try_lock_until(deadline)) {
    mutex.unlock();
    return;
  }
  ADD_FAILURE() << "the lock has not released the mutex";
}

}  // namespace
}  // namespace millrace
