// How many frames a server may send that carry no response forward: so many at once, so many a
// second, and some for each frame that we send (window updates and grpc-go's bandwidth pings come
// with our data). Pure arithmetic on the time it is given; one owner, one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.h"
#include "http/http2_frame_walk.h"

namespace millrace::http {

class Http2FrameAllowance {
 public:
  static constexpr double kAtOnce = 10'000;
  static constexpr double kPerSecond = 1000;
  static constexpr double kPerFrameSent = 4;

  // Each turn of receiving begins with it.
  void set_time(MonotonicTime now) {
    if (now <= last_) return;
    const double seconds = std::chrono::duration<double>(now - last_).count();
    earn(seconds * kPerSecond);
    last_ = now;
  }
  void on_frame_sent() { earn(kPerFrameSent); }
  // Every frame that begins in these bytes; `walk` is the connection's.
  void charge(std::span<const uint8_t> bytes, Http2FrameWalk& walk) {
    while (!bytes.empty()) {
      bytes = bytes.subspan(walk.walk(bytes));
      if (walk.at_head()) left_ -= cost_of(walk.type(), walk.length());
    }
  }
  // A frame turned out to carry a response forward.
  void give_back(uint8_t type, size_t length) { earn(cost_of(type, length)); }
  bool is_used_up() const { return left_ < 0; }

 private:
  // Header blocks cost by their size because one byte of them can stand for a whole entry of the
  // table. The types are those of RFC 9113, section 6.
  static double cost_of(uint8_t type, size_t length) {
    constexpr uint8_t kHeaders = 1;
    constexpr uint8_t kSettings = 4;
    constexpr uint8_t kPushPromise = 5;
    constexpr uint8_t kGoaway = 7;
    constexpr uint8_t kContinuation = 9;
    if (type == kSettings || type == kGoaway) return 10;
    const bool is_block = type == kHeaders || type == kPushPromise || type == kContinuation;
    return 1.0 + static_cast<double>(length) / (is_block ? 16 : 1024);
  }
  void earn(double count) { left_ = std::min(kAtOnce, left_ + count); }

  double left_ = kAtOnce;
  MonotonicTime last_{};
};

}  // namespace millrace::http
