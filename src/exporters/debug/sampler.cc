#include "exporters/debug/sampler.h"

namespace millrace::exporters {

bool Sampler::admits(MonotonicTime now) {
  if (!started_ || now - second_started_ >= 1s) {
    started_ = true;
    second_started_ = now;
    count_ = 0;
  }
  ++count_;
  if (count_ <= initial_) return true;
  return thereafter_ > 0 && (count_ - initial_) % thereafter_ == 0;
}

}  // namespace millrace::exporters
