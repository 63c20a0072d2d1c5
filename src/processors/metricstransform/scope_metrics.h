// The metrics of one scope while the transforms run on them, one after the other. One request's;
// one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/log.h"
#include "processors/metricstransform/kept_metrics.h"
#include "processors/metricstransform/operations.h"

namespace millrace::processors::metricstransform {

// The content of a Metric, in received bytes, which `owner` keeps alive, or kept by KeptMetrics.
struct MetricContent {
  Bytes owner;
  otlp::MessageBytes bytes;
};

struct Metric {
  enum class State : uint8_t { kAsReceived, kChanged, kRemoved };
  State state = State::kAsReceived;
  otlp::MetricType type = otlp::MetricType::kNone;
  MetricContent content;
};

// The metrics that a transform with the action `group` takes out of a scope.
struct Group {
  const Transform* transform = nullptr;
  Bytes resource;  // content of Resource
  Bytes scope;     // content of InstrumentationScope
  std::vector<MetricContent> metrics;
};

class ScopeMetrics {
 public:
  ScopeMetrics(const Options& options, KeptMetrics& kept, Work& work, Logger& log);

  void clear() { metrics_.clear(); }
  // Of the received metrics, in order. The data of each is in one part.
  void add(MetricContent content, otlp::MetricType type);
  // Whether a transform is for one of them.
  bool wants(std::string_view name) const;
  // Runs the transforms; groups go to `groups`. After a failure (KeptMetrics) the metrics mean
  // nothing.
  void run(const Group& around, std::vector<Group>& groups);

  // The received ones, and behind them those that were added.
  const std::vector<Metric>& metrics() const { return metrics_; }

 private:
  bool is_for(const Transform& transform, const Metric& metric);
  void update(const Transform& transform);
  void insert(const Transform& transform);
  void combine(const Transform& transform);
  Group group(const Transform& transform, const Group& around);
  // The metric after `change`, which returns whether it stays.
  template <class Change>
  bool make(const Metric& from, Metric& into, const Change& change);
  bool run_operations(const Transform& transform, EditedMetric& edited);
  bool keep_record(const ottl::Record& record, Metric& into);
  bool has_failed();

  const Options& options_;
  KeptMetrics& kept_;
  Work& work_;
  Logger& log_;
  ottl::Item item_;
  ottl::Scratch scratch_;
  std::vector<Metric> metrics_;
};

}  // namespace millrace::processors::metricstransform
