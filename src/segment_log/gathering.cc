#include "segment_log/gathering.h"

namespace millrace::segment_log {
namespace {

// The share of those who wait already that has to join them. Below, they would wait for little.
constexpr double kWorth = 0.5;
// Weight of the newest wait in what is expected of the next.
constexpr double kWeight = 0.125;

}  // namespace

bool Gathering::is_worth(double gain, size_t count) const {
  return gain >= kWorth * static_cast<double>(count);
}

Duration Gathering::wait_before_commit(size_t count, uint64_t bytes, WallTime now) {
  if (now < committed_at_ || now - committed_at_ > kSparse || bytes >= kBytesEnough) return {};
  is_exploring_ = since_explored_++ >= kExploreEvery;
  if (is_exploring_) since_explored_ = 0;
  if (is_exploring_ || is_worth(late_, count)) {
    waiting_ = kLongWait;
  } else if (is_worth(early_, count)) {
    waiting_ = kShortWait;
  } else {
    return {};
  }
  return waiting_;
}

void Gathering::waited(size_t early, size_t late) {
  // What exploring found is news; what it confirms is one more wait.
  const double weight = is_exploring_ && late_ < kWorth ? 1 : kWeight;
  early_ += weight * (static_cast<double>(early) - early_);
  if (waiting_ == kLongWait) late_ += weight * (static_cast<double>(late) - late_);
}

}  // namespace millrace::segment_log
