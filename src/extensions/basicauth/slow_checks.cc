#include "extensions/basicauth/slow_checks.h"

#include <utility>

namespace millrace::extensions {

void SlowChecks::use_lane(io::Executor* lane) {
  decltype(checks_) dropped;  // destroyed without the lock
  const MutexLock lock(mutex_);
  lane_ = lane;
  has_lane_.store(lane != nullptr, std::memory_order_relaxed);
  if (lane != nullptr) return;
  std::swap(dropped, checks_);
  waiter_count_ = 0;
}

bool SlowChecks::try_await(const access::Digest& digest, const access::Authenticator::Later& later,
                           const std::function<bool()>& may_start, Verify verify) {
  const MutexLock lock(mutex_);
  if (lane_ == nullptr || waiter_count_ == kWaitersMax) return false;
  const auto found = checks_.find(digest);
  if (found == checks_.end() && !may_start()) return false;
  std::vector<OnVerdict>& waiters = found == checks_.end() ? checks_[digest] : found->second;
  waiters.push_back(later());
  ++waiter_count_;
  if (found != checks_.end()) return true;
  lane_->submit([this, digest, verify = std::move(verify)]() mutable { run(digest, verify); });
  return true;
}

void SlowChecks::run(const access::Digest& digest, Verify& verify) {
  {
    const MutexLock lock(mutex_);
    if (!checks_.contains(digest)) return;  // dropped
  }
  const Verdict verdict = verify();
  std::vector<OnVerdict> waiters;
  {
    const MutexLock lock(mutex_);
    const auto found = checks_.find(digest);
    if (found == checks_.end()) return;
    waiters = std::move(found->second);
    checks_.erase(found);
    waiter_count_ -= waiters.size();
  }
  for (const OnVerdict& on_verdict : waiters) on_verdict(verdict);
}

size_t SlowChecks::waiter_count() const {
  const MutexLock lock(mutex_);
  return waiter_count_;
}

}  // namespace millrace::extensions
