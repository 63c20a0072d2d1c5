// Makes the plan for an engine from the public Config: the daemon's plan and the buffer's options.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "assembly/plan.h"
#include "base/mutex.h"
#include "library/buffer.h"
#include "library/encode_values.h"
#include "library/feeder.h"
#include "library/prefix.h"
#include "millrace/config.h"

namespace millrace::library {

// Counts the threads of the program's exporters. Shared with them; they may outlive the engine.
class ExporterThreads {
 public:
  void count_exception() { exceptions_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t exceptions() const { return exceptions_.load(std::memory_order_relaxed); }
  void begin() {
    const MutexLock lock(mutex_);
    ++running_;
  }
  void end() {
    const MutexLock lock(mutex_);
    if (--running_ == 0) changed_.notify_all();
  }
  // Waits until every thread has made its last call, or until the deadline.
  void wait_until(std::chrono::steady_clock::time_point deadline) {
    const MutexLock lock(mutex_);
    while (running_ != 0 && changed_.wait_until(mutex_, deadline)) {
    }
  }

 private:
  std::atomic<uint64_t> exceptions_{0};  // a sum: relaxed
  Mutex mutex_;                          // locked once a thread
  Condition changed_;
  int running_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

struct EnginePlan {
  assembly::Plan plan;
  BufferOptions buffer;
  FeederOptions feeder;
  EncodeLimits encode;
  v1::Attributes resource;
  std::string scope_name;
  std::string scope_version;
  std::function<void(v1::LogLevel, std::string_view)> log;
  std::shared_ptr<ExporterThreads> exporter_threads = std::make_shared<ExporterThreads>();
};

// Checks all fields; errors are kInvalidArgument and name the field.
v1::Result<EnginePlan> plan_from_config(const v1::Config& config);

// The plan of a configuration in YAML without its listeners. Errors have one mistake a line.
v1::Result<assembly::Plan> plan_from_yaml(std::string_view text);

}  // namespace millrace::library
