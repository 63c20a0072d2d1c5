// The due times of an open loop's requests. The schedule does not wait for answers: a request
// that could not be sent in time keeps its due time, and latencies are measured from it, so that a
// slow receiver can't improve its own figures by slowing the generator down.
//
// Pure: the caller passes the time.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace millrace::load {

class Pacer {
 public:
  // Precondition: requests_per_second > 0.
  Pacer(MonotonicTime start, double requests_per_second)
      : start_(start), interval_ns_(1e9 / requests_per_second) {}

  // The due time of the next request that was not taken.
  MonotonicTime next_due() const {
    return start_ + Duration(static_cast<int64_t>(static_cast<double>(taken_) * interval_ns_));
  }
  bool due(MonotonicTime now) const { return next_due() <= now; }
  // Takes one request and returns its due time.
  MonotonicTime take() {
    const MonotonicTime when = next_due();
    ++taken_;
    return when;
  }
  // The number of requests that are due and not taken: the lag behind the schedule.
  uint64_t backlog(MonotonicTime now) const;

 private:
  MonotonicTime start_;
  double interval_ns_;
  uint64_t taken_ = 0;
};

}  // namespace millrace::load
