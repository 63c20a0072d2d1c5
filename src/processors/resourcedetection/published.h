// The detected resource, from the loop that detects to the processors of all workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "processors/resourcedetection/resource.h"

namespace millrace::processors::resourcedetection {

// Threads: safe from any.
class Published {
 public:
  // 0: nothing yet. Changes with each publish(); one load for each request.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // Takes a short lock; never null once version() is not 0.
  std::shared_ptr<const Resource> resource() const {
    const MutexLock lock(mutex_);
    return resource_;
  }
  void publish(Resource resource) {
    const MutexLock lock(mutex_);
    resource_ = std::make_shared<const Resource>(std::move(resource));
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Resource> resource_ MILLRACE_GUARDED_BY(mutex_);
  // Written under the mutex after the resource, read without it: a reader that sees the new number
  // finds at least that resource.
  std::atomic<uint64_t> version_{0};
};

}  // namespace millrace::processors::resourcedetection
