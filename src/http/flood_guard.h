// Limits on what a peer may make us do for nothing. Pure arithmetic on the time it is given; one
// owner, one thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace millrace::http {

// `burst` at once, `per_second` on average.
class TokenBucket {
 public:
  TokenBucket(double burst, double per_second)
      : burst_(burst), per_second_(per_second), tokens_(burst) {}
  // False when `count` more than is allowed has been used; the use is noted all the same.
  bool use(double count, MonotonicTime now) {
    if (now > last_) {
      const double seconds = std::chrono::duration<double>(now - last_).count();
      tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
      last_ = now;
    }
    tokens_ -= count;
    return tokens_ >= 0;
  }

 private:
  const double burst_;
  const double per_second_;
  double tokens_;
  MonotonicTime last_{};
};

// A peer that pings too often gets ENHANCE_YOUR_CALM, by grpc-go's rules: three pings that come
// earlier than min_interval (two hours when there is no stream and that is not permitted), with
// nothing sent by us between them, are too many.
class PingPolicy {
 public:
  enum class WithoutStream : uint8_t { kRare, kPermitted };
  PingPolicy(Duration min_interval, WithoutStream without_stream)
      : min_interval_(min_interval), without_stream_(without_stream) {}
  // False: too many pings.
  bool on_ping(MonotonicTime now, size_t stream_count) {
    constexpr Duration kRare = std::chrono::hours(2);
    const Duration interval = stream_count == 0 && without_stream_ == WithoutStream::kRare
                                  ? std::max(kRare, min_interval_)
                                  : min_interval_;
    if (seen_ && now < last_ + interval) ++strikes_;
    seen_ = true;
    last_ = now;
    return strikes_ <= kStrikesMax;
  }
  void on_answer_sent() {
    strikes_ = 0;
    seen_ = false;
  }

 private:
  static constexpr int kStrikesMax = 2;
  const Duration min_interval_;
  const WithoutStream without_stream_;
  MonotonicTime last_{};
  bool seen_ = false;
  int strikes_ = 0;
};

}  // namespace millrace::http
