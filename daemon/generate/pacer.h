// When the next request of an open loop is due. The schedule does not wait for answers: a request
// that could not go out in time keeps its due time, and latencies are measured from it, so that a
// slow receiver can't make its own figures better by slowing the generator down.
//
// Time comes in, numbers come out.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace millrace::load {

class Pacer {
 public:
  // Precondition: requests_per_second > 0.
  Pacer(MonotonicTime start, double requests_per_second)
      : start_(start), interval_ns_(1e9 / requests_per_second) {}

  // When the next request that was not taken yet is due.
  MonotonicTime next_due() const {
    return start_ + Duration(static_cast<int64_t>(static_cast<double>(taken_) * interval_ns_));
  }
  bool due(MonotonicTime now) const { return next_due() <= now; }
  // Takes one request; its due time.
  MonotonicTime take() {
    const MonotonicTime when = next_due();
    ++taken_;
    return when;
  }
  // Requests that are due and not sent: how far the generator lags behind its schedule.
  uint64_t backlog(MonotonicTime now) const;

 private:
  MonotonicTime start_;
  double interval_ns_;
  uint64_t taken_ = 0;
};

}  // namespace millrace::load
