#include "segment_log/commit_wait.h"

namespace millrace::segment_log {
namespace {

// A wait pays when so many late requests join each request that waits already.
constexpr double kWorth = 0.5;
// Weight of the newest wait in the prediction.
constexpr double kWeight = 0.125;

}  // namespace

Duration CommitWait::wait_before_commit(size_t count, uint64_t bytes, WallTime now) {
  if (now < committed_at_ || now - committed_at_ > kSparse || bytes >= kBytesEnough) return {};
  const bool is_worth_it = late_ >= kWorth * static_cast<double>(count);
  is_exploring_ = !is_worth_it && since_explored_ >= kExploreEvery;
  since_explored_ = is_exploring_ ? 0 : since_explored_ + 1;
  return is_worth_it || is_exploring_ ? kWait : Duration();
}

void CommitWait::waited(size_t late) {
  // A wait that was made to measure replaces the prediction, which was too low for a wait.
  const double weight = is_exploring_ ? 1 : kWeight;
  late_ += weight * (static_cast<double>(late) - late_);
}

}  // namespace millrace::segment_log
