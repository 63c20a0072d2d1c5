#include "segment_log/gathering.h"

namespace millrace::segment_log {
namespace {

// The share of those who wait already that has to join them. Below, they would wait for little.
constexpr double kWorth = 0.5;
// Weight of the newest wait in what is expected of the next.
constexpr double kWeight = 0.125;

}  // namespace

Duration Gathering::wait_before_commit(size_t count, uint64_t bytes, WallTime now) {
  if (now < committed_at_ || now - committed_at_ > kSparse || bytes >= kBytesEnough) return {};
  const bool is_worth_it = late_ >= kWorth * static_cast<double>(count);
  is_exploring_ = !is_worth_it && since_explored_ >= kExploreEvery;
  since_explored_ = is_exploring_ ? 0 : since_explored_ + 1;
  return is_worth_it || is_exploring_ ? kWait : Duration();
}

void Gathering::waited(size_t late) {
  // What exploring found is news: all that was expected before was not worth a wait.
  const double weight = is_exploring_ ? 1 : kWeight;
  late_ += weight * (static_cast<double>(late) - late_);
}

}  // namespace millrace::segment_log
