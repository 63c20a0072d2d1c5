#include "daemon/generate/pacer.h"

namespace millrace::load {

uint64_t Pacer::backlog(MonotonicTime now) const {
  if (now < start_) return 0;
  const auto elapsed = static_cast<double>((now - start_).count());
  const uint64_t scheduled = static_cast<uint64_t>(elapsed / interval_ns_) + 1;
  return scheduled > taken_ ? scheduled - taken_ : 0;
}

}  // namespace millrace::load
