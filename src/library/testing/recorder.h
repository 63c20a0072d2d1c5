// Exporters for tests, and a back end in the process: a collector with the daemon's receivers that
// listens on loopback and passes everything to a Recorder.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "millrace/collector.h"

namespace millrace::library::testing {

// Keeps all batches that it receives.
class Recorder : public v1::Exporter {
 public:
  v1::ExportResult export_batch(const v1::BatchRef& batch, Deadline) override {
    const MutexLock lock(mutex_);
    batches_.push_back(batch);
    return {};
  }
  std::string name() const override { return "recorder"; }

  std::vector<v1::BatchRef> batches() const {
    const MutexLock lock(mutex_);
    return batches_;
  }
  std::vector<v1::Span> spans() const {
    std::vector<v1::Span> all;
    for (const v1::BatchRef& batch : batches()) {
      for (v1::Span& span : batch->to_spans()) all.push_back(std::move(span));
    }
    return all;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const v1::Span& span : spans()) all.push_back(span.name);
    return all;
  }
  std::vector<v1::LogRecord> log_records() const {
    std::vector<v1::LogRecord> all;
    for (const v1::BatchRef& batch : batches()) {
      for (v1::LogRecord& record : batch->to_log_records()) all.push_back(std::move(record));
    }
    return all;
  }
  std::vector<v1::MetricPoint> metric_points() const {
    std::vector<v1::MetricPoint> all;
    for (const v1::BatchRef& batch : batches()) {
      for (v1::MetricPoint& point : batch->to_metric_points()) all.push_back(std::move(point));
    }
    return all;
  }
  uint64_t item_count() const {
    uint64_t count = 0;
    for (const v1::BatchRef& batch : batches()) count += batch->item_count();
    return count;
  }

 private:
  mutable Mutex mutex_;
  std::vector<v1::BatchRef> batches_ MILLRACE_GUARDED_BY(mutex_);
};

// Blocks every batch until the test opens it.
class Gate final : public Recorder {
 public:
  v1::ExportResult export_batch(const v1::BatchRef& batch, Deadline deadline) override {
    {
      const MutexLock lock(mutex_);
      is_reached_ = true;
      changed_.notify_all();
      while (!is_open_) changed_.wait(mutex_);
    }
    return Recorder::export_batch(batch, deadline);
  }
  void open() {
    const MutexLock lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void wait_until_reached() {
    const MutexLock lock(mutex_);
    while (!is_reached_) changed_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool is_open_ MILLRACE_GUARDED_BY(mutex_) = false;
  bool is_reached_ MILLRACE_GUARDED_BY(mutex_) = false;
};

// A Config with that exporter as its only destination.
inline v1::Config config_with(std::shared_ptr<v1::Exporter> exporter) {
  v1::Config config;
  config.endpoint.clear();
  config.exporters = {std::move(exporter)};
  return config;
}

// OTLP over gRPC and HTTP on ports chosen by the system.
class BackEnd {
 public:
  BackEnd();
  ~BackEnd();
  std::string grpc_url() const;
  std::string http_url() const;
  Recorder& recorder() { return *recorder_; }

 private:
  struct Running;
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  std::unique_ptr<Running> running_;
};

}  // namespace millrace::library::testing
