// Tasks and wake-ups that other threads send to a loop. It is the only part of a loop that several
// threads use. Posting makes a system call only when the loop sleeps.
//
// Shared by the loop and by threads that answer it later (the resolver) and may outlive it; a task
// that is posted after the loop's end is destroyed with the mailbox.
#pragma once

#include <atomic>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

class Mailbox {
 public:
  Mailbox() = default;
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  Status open();  // creates the eventfd

  // Any thread.
  void post(Task task);
  void wake();  // the loop takes a turn soon

  // The loop's thread.
  int descriptor() const { return descriptor_; }
  // Call before sleeping. False: tasks or a wake-up are pending, so do not sleep.
  bool may_sleep();
  void woke_up() { asleep_.store(false, std::memory_order_relaxed); }
  void clear_descriptor();
  // Moves the posted tasks into the empty vector `into`, oldest first.
  void take(std::vector<Task>& into);
  bool has_mail() const { return has_mail_.load(std::memory_order_relaxed); }

 private:
  int descriptor_ = -1;
  Mutex mutex_;
  std::vector<Task> tasks_ MILLRACE_GUARDED_BY(mutex_);
  // Posters set has_mail_ and then read asleep_; the loop sets asleep_ and then reads has_mail_.
  // Both are sequentially consistent, so that at least one side sees the other's store.
  std::atomic<bool> has_mail_{false};
  std::atomic<bool> asleep_{false};
};

}  // namespace millrace::io
