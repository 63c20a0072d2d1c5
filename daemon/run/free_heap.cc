#include "daemon/run/free_heap.h"

#include <malloc.h>

namespace millrace::daemon {

void trim_free_heap() {
  // Counts free bytes of all arenas, also those already returned; trimming again is then cheap.
  if (mallinfo2().fordblks > kFreeHeapMax) malloc_trim(kFreeHeapMax / 4);
}

}  // namespace millrace::daemon
