// Metrics that transforms have made, until they are written: reserved in the budget (kWork) as they
// grow, and bounded. One request's; one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "memory/work.h"
#include "otlp/views.h"

namespace millrace::processors::metricstransform {

class KeptMetrics {
 public:
  KeptMetrics(Work& work, size_t bytes_max) : work_(work), bytes_max_(bytes_max) {}

  // The content of a Metric, which lives as long as this. Empty after a refusal.
  otlp::MessageBytes keep(std::string metric);
  // Counts memory of lists. False: refused.
  bool charge(size_t bytes);

  // The first refusal.
  const std::optional<Error>& failure() const { return failure_; }
  void fail(Error error) {
    if (!failure_) failure_ = std::move(error);
  }

 private:
  Work& work_;
  const size_t bytes_max_;
  size_t used_ = 0;
  Reservation memory_;
  std::deque<std::string> metrics_;
  std::optional<Error> failure_;
};

}  // namespace millrace::processors::metricstransform
