// Memory that the allocator holds and the program does not use.
#pragma once

#include <cstddef>

namespace millrace::daemon {

// Gives it back to the system once it is much. glibc returns by itself only what is free at the end
// of its heap: a backlog that was read back from disk in pieces, up to half of the budget, stayed
// resident when it was gone, beside all that the budget then let in. Any thread; takes the
// allocator's lock for some milliseconds when it finds something, and microseconds when not.
void give_back_free_heap();

// From so many bytes on.
inline constexpr size_t kFreeHeapMax = size_t{16} << 20;

}  // namespace millrace::daemon
