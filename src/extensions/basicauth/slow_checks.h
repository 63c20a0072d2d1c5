// Checks of passwords that take longer than a turn of a loop may (a bcrypt hash of cost 10 takes
// some 60 ms). They run one after another on a lane. Requests that show the same credentials share
// one check, so a fleet that reconnects costs one hash.
//
// The number of requests that wait is bounded; what a check may cost is the caller's to bound.
// Threads: safe from any.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <vector>

#include "access/authenticator.h"
#include "access/keyed_hash.h"
#include "base/mutex.h"
#include "io/executor.h"

namespace millrace::extensions {

class SlowChecks {
 public:
  using Verdict = access::Authenticator::Verdict;
  using OnVerdict = access::Authenticator::OnVerdict;
  // Finds the verdict, on the lane. It keeps the owner of this object alive.
  using Verify = std::move_only_function<Verdict()>;

  static constexpr size_t kWaitersMax = 1024;

  // Null: there is none. Waiting requests are then dropped without a verdict.
  void use_lane(io::Executor* lane);
  bool has_lane() const { return has_lane_.load(std::memory_order_relaxed); }

  // Adds a request to the check of the credentials with that digest; `later` makes its callback.
  // Where no such check is under way, `may_start` is asked and one starts, which calls `verify`.
  // False: too many requests wait, or it may not start.
  bool try_await(const access::Digest& digest, const access::Authenticator::Later& later,
                 const std::function<bool()>& may_start, Verify verify);

  // The number of requests that wait.
  size_t waiter_count() const;

 private:
  void run(const access::Digest& digest, Verify& verify);

  std::atomic<bool> has_lane_{false};  // written by use_lane(), read by loops; a hint, so relaxed
  mutable Mutex mutex_;
  io::Executor* lane_ MILLRACE_GUARDED_BY(mutex_) = nullptr;
  size_t waiter_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
  std::unordered_map<access::Digest, std::vector<OnVerdict>, access::DigestHash> checks_
      MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::extensions
