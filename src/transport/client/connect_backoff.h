// How long to wait before the next connection attempt to one address
// (grpc/doc/connection-backoff.md): from `initial`, times 1.6 each time, up to `max`, ±20 %.
#pragma once

#include <algorithm>

#include "base/random.h"
#include "base/time.h"

namespace millrace::transport {

class ConnectBackoff {
 public:
  ConnectBackoff(Duration initial, Duration max) : initial_(std::min(initial, max)), max_(max) {
    reset();
  }
  void reset() { next_ = initial_; }
  Duration next(Random& random) {
    const double base = static_cast<double>(next_.count());
    next_ = std::min(max_, Duration(static_cast<int64_t>(base * 1.6)));
    return Duration(static_cast<int64_t>(base * (0.8 + 0.4 * random.unit())));
  }

 private:
  const Duration initial_;
  const Duration max_;
  Duration next_;
};

}  // namespace millrace::transport
