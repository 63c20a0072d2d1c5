// A mutex whose use the compiler checks. A field says which mutex guards it (MILLRACE_GUARDED_BY),
// a function says which mutex its caller must hold (MILLRACE_REQUIRES), and clang refuses to
// compile an access without that mutex (-Wthread-safety, an error in the presets that use clang).
// Under g++ the annotations are empty.
//
// Limits of the check: constructors and destructors are not checked, and a lambda is a function of
// its own, so one that uses guarded fields carries MILLRACE_REQUIRES itself. Write a condition as a
// loop around Condition::wait() rather than as a lambda.
//
// Cost: that of std::mutex and std::condition_variable.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MILLRACE_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define MILLRACE_THREAD_ATTRIBUTE(attribute)
#endif

#define MILLRACE_CAPABILITY(name) MILLRACE_THREAD_ATTRIBUTE(capability(name))
#define MILLRACE_SCOPED_CAPABILITY MILLRACE_THREAD_ATTRIBUTE(scoped_lockable)
// On a field: it is read and written only while `mutex` is held.
#define MILLRACE_GUARDED_BY(mutex) MILLRACE_THREAD_ATTRIBUTE(guarded_by(mutex))
// On a pointer: the object that it points to is accessed only while `mutex` is held.
#define MILLRACE_PT_GUARDED_BY(mutex) MILLRACE_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
// On a function: the caller holds the mutex, before and after. The function itself may release it
// in between.
#define MILLRACE_REQUIRES(...) MILLRACE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
// On a function: the caller does not hold the mutex, because the function locks it.
#define MILLRACE_EXCLUDES(...) MILLRACE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define MILLRACE_ACQUIRE(...) MILLRACE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define MILLRACE_RELEASE(...) MILLRACE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define MILLRACE_TRY_ACQUIRE(...) MILLRACE_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))

namespace millrace {

class MILLRACE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() MILLRACE_ACQUIRE() { mutex_.lock(); }
  void unlock() MILLRACE_RELEASE() { mutex_.unlock(); }
  std::mutex& native() { return mutex_; }  // for Condition

 private:
  std::mutex mutex_;
};

// A mutex with a time limit for waiting.
class MILLRACE_CAPABILITY("mutex") TimedMutex {
 public:
  TimedMutex() = default;
  TimedMutex(const TimedMutex&) = delete;
  TimedMutex& operator=(const TimedMutex&) = delete;
  void lock() MILLRACE_ACQUIRE() { mutex_.lock(); }
  void unlock() MILLRACE_RELEASE() { mutex_.unlock(); }
  bool try_lock_until(std::chrono::steady_clock::time_point deadline) MILLRACE_TRY_ACQUIRE(true) {
    return mutex_.try_lock_until(deadline);
  }

 private:
  std::timed_mutex mutex_;
};

// Holds a mutex until the end of a scope; unlock() and lock() make a gap in between.
template <class Lockable = Mutex>
class MILLRACE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Lockable& mutex) MILLRACE_ACQUIRE(mutex) : mutex_(mutex) { mutex.lock(); }
  // Takes over a mutex that is held already.
  MutexLock(Lockable& mutex, std::adopt_lock_t) MILLRACE_REQUIRES(mutex) : mutex_(mutex) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() MILLRACE_RELEASE() {
    if (is_held_) mutex_.unlock();
  }
  void unlock() MILLRACE_RELEASE() {
    mutex_.unlock();
    is_held_ = false;
  }
  void lock() MILLRACE_ACQUIRE() {
    mutex_.lock();
    is_held_ = true;
  }

 private:
  Lockable& mutex_;
  bool is_held_ = true;
};

// A condition variable. A wait releases the mutex and holds it again when it returns, which may be
// without a reason: check the condition in a loop.
class Condition {
 public:
  void wait(Mutex& mutex) MILLRACE_REQUIRES(mutex) {
    std::unique_lock lock(mutex.native(), std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  // False: the deadline has passed.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      MILLRACE_REQUIRES(mutex) {
    std::unique_lock lock(mutex.native(), std::adopt_lock);
    const std::cv_status status = changed_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { changed_.notify_one(); }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace millrace
