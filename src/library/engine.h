// A running collector: the buffer, the daemon's own pipelines and destinations, and one thread
// whose loop runs both.
//
// Threads: all functions from any thread, unless they say otherwise. All waiting has a deadline.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "assembly/collector.h"
#include "base/log.h"
#include "base/mutex.h"
#include "io/disk.h"
#include "io/epoll/epoll.h"
#include "io/executor.h"
#include "io/file.h"
#include "library/buffer.h"
#include "library/feeder.h"
#include "library/plan_from_config.h"
#include "library/thread_table.h"
#include "millrace/result.h"
#include "millrace/statistics.h"

namespace millrace::library {

class Engine {
 public:
  // Errors are kInvalidArgument (about the plan) or kUnavailable (of the system).
  static v1::Result<std::unique_ptr<Engine>> create(EnginePlan plan);
  // Without an earlier shutdown() it drops all remaining items.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const NumberedBuffer& buffer() const { return buffer_; }
  const EncodeLimits& encode_limits() const { return encode_limits_; }
  uint64_t started_unix_nano() const { return started_unix_nano_; }

  v1::Status collect(Signal signal, const Item& item);
  v1::Status submit_request(Signal signal, std::span<const uint8_t> request, uint32_t items);
  v1::Status flush(std::chrono::nanoseconds timeout);
  v1::Status shutdown(std::chrono::nanoseconds timeout);
  v1::Statistics statistics();

 private:
  explicit Engine(EnginePlan& plan);
  v1::Status start(EnginePlan& plan);
  bool post(io::Task task);
  void drain(std::chrono::steady_clock::time_point deadline);
  void end_loop();
  v1::Status status_at_end();
  void count(v1::Statistics& into);
  bool is_on_loop_thread() const {
    return std::this_thread::get_id() == loop_thread_.load(std::memory_order_relaxed);
  }

  const EncodeLimits encode_limits_;
  const uint64_t started_unix_nano_ = v1::now_unix_nano();
  const std::shared_ptr<ExporterThreads> exporter_threads_;
  std::unique_ptr<Logger> log_;
  std::unique_ptr<Logger> unsampled_log_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<io::Disk> disk_;
  std::unique_ptr<io::Loop> loop_;
  NumberedBuffer buffer_;
  // Destroyed after the destinations, which call it.
  std::unique_ptr<Feeder> feeder_;
  std::unique_ptr<assembly::Collector> collector_;
  std::thread thread_;
  // The id of thread_ while it runs. A reader only compares it with its own id: relaxed.
  std::atomic<std::thread::id> loop_thread_{};

  // Held for a moment: while the loop accepts tasks, it runs every task that it accepted.
  Mutex post_mutex_;
  bool takes_tasks_ MILLRACE_GUARDED_BY(post_mutex_) = false;
  // Held by the thread that ends the engine, at most until its deadline.
  TimedMutex end_mutex_;
  bool is_over_ MILLRACE_GUARDED_BY(end_mutex_) = false;
  v1::Status end_status_ MILLRACE_GUARDED_BY(end_mutex_);
};

}  // namespace millrace::library
