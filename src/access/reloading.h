// An object that is made from watched files and made again when they change. A new version that is
// unusable is reported, and the old one stays in use.
//
// Threads: safe from any. look() takes a short lock. The thread that finds a change reads the file
// under the lock, so that the file is read once.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"

namespace millrace::access {

template <class Version>
class Reloading {
 public:
  // Returns the new version, or null when nothing has changed.
  using Reader = std::function<Result<std::shared_ptr<Version>>()>;

  // Reads the first version. An error is the reader's.
  static Result<std::shared_ptr<Reloading>> make(Reader reader) {
    auto first = reader();
    if (!first) return fail(std::move(first.error()));
    return std::shared_ptr<Reloading>(new Reloading(std::move(reader), std::move(*first)));
  }

  // Returns the current version. Looks for a change if the last look is at least `interval` ago.
  std::shared_ptr<Version> look(MonotonicTime now, Duration interval) {
    MutexLock lock(mutex_);
    if (looked_ && now < last_look_ + interval) return current_;
    looked_ = true;
    last_look_ = now;
    auto read = reader_();
    if (read && *read == nullptr) return current_;
    if (read) current_ = std::move(*read);
    const Status status = read ? Status{} : Status(fail(read.error()));
    const auto report = on_reload_;
    auto current = current_;
    lock.unlock();
    if (report) report(status);
    return current;
  }
  // Returns the current version without looking for a change.
  std::shared_ptr<Version> current() const {
    const MutexLock lock(mutex_);
    return current_;
  }
  void report_reloads(std::function<void(const Status&)> on_reload) {
    const MutexLock lock(mutex_);
    on_reload_ = std::move(on_reload);
  }

 private:
  Reloading(Reader reader, std::shared_ptr<Version> first)
      : reader_(std::move(reader)), current_(std::move(first)) {}

  mutable Mutex mutex_;
  const Reader reader_ MILLRACE_GUARDED_BY(mutex_);
  std::shared_ptr<Version> current_ MILLRACE_GUARDED_BY(mutex_);
  bool looked_ MILLRACE_GUARDED_BY(mutex_) = false;
  MonotonicTime last_look_ MILLRACE_GUARDED_BY(mutex_){};
  std::function<void(const Status&)> on_reload_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::access
