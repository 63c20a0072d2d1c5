// The process's own metrics, rendered as Prometheus text exactly as otelcol does: no
// _total, no unit suffix, help that ends in " [Alpha]" or " [Development]", target_info.
//
// Threads: creating metrics takes a lock (at start-up, or when a label set first appears); adding
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
  std::atomic<uint64_t> value_{0};  // added to by any thread, read by the renderer; relaxed
};

class Histogram {
 public:
  // Precondition: the bounds ascend. The constructor adds +Inf.
  explicit Histogram(std::vector<double> upper_bounds);
  // Any thread; O(log buckets). A reader may see a value in the sum before it is in its bucket.
  void record(double value);
  const std::vector<double>& upper_bounds() const { return upper_bounds_; }
  uint64_t bucket_count(size_t index) const;  // not cumulative; index == bounds.size() is +Inf
  uint64_t count() const;
  double sum() const;

 private:
  std::vector<double> upper_bounds_;
  // Added to by any thread, read by the renderer; relaxed, because they order no other data. The
  // count is the sum of the buckets, so that the two always agree.
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

// One label set of a metric at one moment.
struct SeriesValue {
  Labels labels;
  double value = 0;         // kCounter, kGauge
  bool is_integer = false;  // a Counter and nothing else
  // kHistogram: one more count than bounds, not cumulative.
  std::vector<double> upper_bounds;
  std::vector<uint64_t> bucket_counts;
  double sum = 0;
};

struct MetricValue {
  std::string name;
  std::string help;
  MetricType type = MetricType::kCounter;
  std::vector<SeriesValue> series;
};

// Counters with otelcol's default names, or with the suffix _total, for dashboards that were
// written for `without_type_suffix: false`.
enum class CounterNames : uint8_t { kPlain, kWithTotal };

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name and labels return the same counter; it lives as long as the registry. A name
  // keeps the help of its first use, and a histogram its first bounds. Using one name for two types
  // of metric ends the process.
  Counter& counter(std::string_view name, std::string_view help, Labels labels);
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels,
                       std::vector<double> upper_bounds);
  // Values that are read when a page is rendered. `read` runs under the registry's lock, on the
  // thread that renders; it must be thread-safe and must not use the registry. Destroying the
  // handle removes the value: after that `read` is not called again (the destructor may wait for a
  // rendering). A handle may outlive the registry. Several values of one name and label set are
  // shown as their sum, so that each worker can register its share.
  using Handle = std::shared_ptr<void>;
  [[nodiscard]] Handle gauge(std::string_view name, std::string_view help, Labels labels,
                             std::function<double()> read);
  [[nodiscard]] Handle counter_function(std::string_view name, std::string_view help, Labels labels,
                                        std::function<double()> read);
  // Label pairs of target_info (service_name, service_instance_id, service_version).
  void set_resource(Labels labels);
  // All values at once, sorted by name; target_info is a metric among them.
  std::vector<MetricValue> snapshot() const;
  // Prometheus text format 0.0.4; families sorted by name.
  std::string to_prometheus_text(CounterNames counter_names = CounterNames::kPlain) const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with handles (weakly), which may outlive the registry
};

}  // namespace millrace::metrics
