// Returns memory that the allocator holds and the program does not use to the system.
#pragma once

#include <cstddef>

namespace millrace::daemon {

// Trims the heap when kFreeHeapMax bytes are free. glibc itself returns only memory at the end of
// its heap: without this a backlog that was read back from disk in pieces, up to half of the
// budget, stayed resident when it was sent, in addition to all memory that the budget then allowed.
// Any thread; takes the allocator's lock for some milliseconds when it trims, otherwise
// microseconds.
void trim_free_heap();

// The minimum of free bytes for trimming.
inline constexpr size_t kFreeHeapMax = size_t{16} << 20;

}  // namespace millrace::daemon
