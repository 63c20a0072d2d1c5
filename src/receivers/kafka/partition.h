// A partition that is assigned to this member of the group: its messages under way, and its lag and
// position as metrics.
//
// One loop, but for the numbers that the metrics read.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "metrics/registry.h"
#include "receivers/kafka/offset_tracker.h"

namespace millrace::receivers::kafka {

class Partition {
 public:
  Partition(metrics::Registry& metrics, const std::string& receiver, const std::string& topic,
            int32_t number, uint64_t assignment)
      : generation(assignment), shown_(std::make_shared<Shown>()) {
    const metrics::Labels labels = {
        {"name", receiver}, {"partition", std::to_string(number)}, {"topic", topic}};
    offset_gauge_ =
        metrics.gauge("otelcol_kafka_receiver_current_offset", "Current message offset", labels,
                      [shown = shown_] {
                        return static_cast<double>(shown->offset.load(std::memory_order_relaxed));
                      });
    lag_gauge_ = metrics.gauge(
        "otelcol_kafka_receiver_offset_lag", "Current offset lag", labels, [shown = shown_] {
          return static_cast<double>(shown->lag.load(std::memory_order_relaxed));
        });
  }

  // `end`: the offset behind the last message of the partition, as far as it is known.
  void show(int64_t offset, int64_t end) {
    shown_->offset.store(offset, std::memory_order_relaxed);
    shown_->lag.store(end > offset ? end - offset - 1 : 0, std::memory_order_relaxed);
  }

  OffsetTracker offsets;
  const uint64_t generation;  // verdicts of an assignment before are ignored

 private:
  // Written by the loop, read by the thread that renders metrics: relaxed, they order nothing.
  struct Shown {
    std::atomic<int64_t> offset{0};
    std::atomic<int64_t> lag{0};
  };
  std::shared_ptr<Shown> shown_;  // shared with the gauges' functions
  metrics::Registry::Handle offset_gauge_;
  metrics::Registry::Handle lag_gauge_;
};

}  // namespace millrace::receivers::kafka
