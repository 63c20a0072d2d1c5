#include "memory/reserved_text.h"

#include <algorithm>
#include <utility>

#include "base/allocation_name.h"

namespace millrace {

bool ReservedText::grow(size_t more) {
  const size_t needed = text_.size() + more;
  const size_t capacity = std::max(needed, 2 * text_.capacity());
  Reservation larger;
  if (capacity > kUnreservedBytes) {
    larger = Reservation::try_make(work_->pool.budget(), MemoryTerm::kWork, capacity);
    if (!larger) {
      failure_ = no_memory(what_, capacity, work_->pool.budget());
      return false;
    }
  }
  const AllocationName name("term work");
  text_.reserve(capacity);
  memory_ = std::move(larger);
  return true;
}

}  // namespace millrace
