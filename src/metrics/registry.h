// The process's own metrics, written out as Prometheus text exactly as otelcol writes it: no
// _total, no unit suffix, help that ends in " [Alpha]" or " [Development]", target_info.
//
// Threads: making metrics takes a lock (start-up, or the first time a label set appears); adding
// to a Counter is one relaxed atomic add; rendering takes the lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;  // rendered in sorted order

class Counter {
 public:
  void add(uint64_t count) { value_.fetch_add(count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};  // any thread adds, the renderer reads; orders nothing
};

class Histogram {
 public:
  // Precondition: the bounds ascend. +Inf is added by itself.
  explicit Histogram(std::vector<double> upper_bounds);
  // Any thread; O(log buckets). A reader may see the sum of a value before its bucket.
  void record(double value);
  const std::vector<double>& upper_bounds() const { return upper_bounds_; }
  uint64_t bucket_count(size_t index) const;  // not cumulative; index == bounds.size() is +Inf
  uint64_t count() const;
  double sum() const;

 private:
  std::vector<double> upper_bounds_;
  // Any thread adds, the renderer reads, relaxed: statistics that order nothing else. The count is
  // derived from the buckets, so that it always agrees with them.
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

// Whether counters are shown as otelcol shows them by default, or with the suffix that dashboards
// written for `without_type_suffix: false` expect.
enum class CounterNames : uint8_t { kPlain, kWithTotal };

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name and labels give the same counter; it lives as long as the registry. A name keeps
  // the help of its first use; using one name for two types of metric ends the process. A histogram
  // keeps the bounds of its first use.
  Counter& counter(std::string_view name, std::string_view help, Labels labels);
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels,
                       std::vector<double> upper_bounds);
  // Values that are read when a page is rendered. `read` runs under the registry's lock, on the
  // thread that renders; it must be thread-safe and must not use the registry. Dropping the handle
  // removes the value: `read` is not called any more once that returns (it may wait for a
  // rendering). A handle may outlive the registry. Several values of one name and label set are
  // shown as their sum, so that each worker can register its share.
  using Handle = std::shared_ptr<void>;
  [[nodiscard]] Handle gauge(std::string_view name, std::string_view help, Labels labels,
                             std::function<double()> read);
  [[nodiscard]] Handle counter_function(std::string_view name, std::string_view help, Labels labels,
                                        std::function<double()> read);
  // Label pairs of target_info (service_name, service_instance_id, service_version).
  void set_resource(Labels labels);
  // Prometheus text format 0.0.4; families sorted by name.
  std::string to_prometheus_text(CounterNames counter_names = CounterNames::kPlain) const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with handles (weakly), which may outlive the registry
};

}  // namespace millrace::metrics
