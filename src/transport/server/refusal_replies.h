// Replies to requests that the server refuses before a handler sees them, the same for all
// protocols. Pure functions.
#pragma once

#include <cstddef>

#include "base/time.h"
#include "transport/server/server.h"

namespace millrace::transport {

Reply too_large_reply(size_t size, size_t size_max);
// `size_max` was passed when the compression was undone.
Reply too_large_inflated_reply(size_t size_max);
Reply no_memory_reply(Duration retry_after);

}  // namespace millrace::transport
