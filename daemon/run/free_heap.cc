#include "daemon/run/free_heap.h"

#include <malloc.h>

namespace millrace::daemon {

void give_back_free_heap() {
  // Free bytes of all arenas, also those given back already: then trimming again costs little.
  if (mallinfo2().fordblks > kFreeHeapMax) malloc_trim(kFreeHeapMax / 4);
}

}  // namespace millrace::daemon
