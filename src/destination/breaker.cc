#include "destination/breaker.h"

#include <algorithm>

namespace millrace::pipeline {
namespace {

// A batch that waits asks again after this time, in case that the probe is never answered.
constexpr Duration kLookInterval = 1s;

}  // namespace

Breaker::Leave Breaker::ask(MonotonicTime now) {
  if (!open_.load(std::memory_order_acquire)) return {};
  const MutexLock lock(mutex_);
  if (!open_.load(std::memory_order_relaxed)) return {};
  if (is_probing_) return {Pass::kWait, now + kLookInterval};
  if (now < probe_at_) return {Pass::kWait, probe_at_};
  is_probing_ = true;
  return {Pass::kProbe, now};
}

bool Breaker::on_answered() {
  if (failures_.load(std::memory_order_relaxed) == 0 && !open_.load(std::memory_order_relaxed)) {
    return false;
  }
  const MutexLock lock(mutex_);
  failures_.store(0, std::memory_order_relaxed);
  is_probing_ = false;
  return open_.exchange(false, std::memory_order_release);
}

bool Breaker::on_passing_failure(Pass pass, MonotonicTime probe_at) {
  if (failures_to_open_ == 0) return false;
  const MutexLock lock(mutex_);
  if (pass == Pass::kProbe) is_probing_ = false;
  const uint32_t failures = failures_.load(std::memory_order_relaxed) + 1;
  failures_.store(failures, std::memory_order_relaxed);
  if (failures < failures_to_open_) return false;
  probe_at_ = probe_at;
  if (open_.exchange(true, std::memory_order_release)) return false;
  is_probing_ = false;
  opened_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Breaker::on_cancelled(Pass pass) {
  if (pass != Pass::kProbe) return;
  const MutexLock lock(mutex_);
  is_probing_ = false;
}

}  // namespace millrace::pipeline
