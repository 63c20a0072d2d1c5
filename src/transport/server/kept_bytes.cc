#include "transport/server/kept_bytes.h"

#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"

namespace millrace::transport {

bool KeptBytes::try_keep(std::string_view bytes) {
  (void)release();
  if (bytes.size() > terms_.included) {
    memory_ = Reservation::try_make(budget_, terms_.term, bytes.size());
    if (!memory_) return false;
  }
  const AllocationName name(terms_.allocation);
  bytes_ = bytes;
  return true;
}

void KeptBytes::use(size_t count) {
  MILLRACE_CHECK(count <= size());
  used_ += count;
  if (empty()) (void)release();
}

std::string KeptBytes::release() {
  memory_ = Reservation();
  used_ = 0;
  return std::exchange(bytes_, std::string());  // an assignment would keep its memory
}

}  // namespace millrace::transport
