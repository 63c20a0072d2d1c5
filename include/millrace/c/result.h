// Result codes, and functions without a handle: version, time, ids, signals.
#pragma once

#include <stdint.h>

#include "millrace/c/api.h"

MILLRACE_C_BEGIN

// The results of calls.
typedef MILLRACE_ENUM(millrace_code){
    MILLRACE_OK = 0,
    MILLRACE_BUFFER_FULL = 1,        // the buffer is full; the item was not collected
    MILLRACE_SHUT_DOWN = 2,          // millrace_shutdown() was called; the item was not collected
    MILLRACE_TOO_LARGE = 3,          // the item is larger than item_bytes_max; it was not collected
    MILLRACE_INVALID_ARGUMENT = 4,   // a null pointer, or a value that is not allowed
    MILLRACE_DEADLINE_EXCEEDED = 5,  // the deadline passed; the rest is counted
    MILLRACE_UNAVAILABLE = 6,        // the system has no thread, descriptor or memory left
    MILLRACE_UNIMPLEMENTED = 7,      // known, but not supported in this version
} millrace_code;

// "BUFFER_FULL" and so on; "UNKNOWN" for other numbers. Never null; do not free it.
MILLRACE_API const char* millrace_code_name(millrace_code code);

// The library's version, "0.1.0". MILLRACE_VERSION_MAJOR and so on are the version of the headers.
MILLRACE_API const char* millrace_version(void);

// The current time in nanoseconds since the Unix epoch.
MILLRACE_API uint64_t millrace_now_unix_nano(void);

// Writes 16 random bytes that are not all zero. A forked child does not repeat its parent's ids.
MILLRACE_API void millrace_random_trace_id(uint8_t* trace_id);
// The same for the 8 bytes of a span id.
MILLRACE_API void millrace_random_span_id(uint8_t* span_id);

// The signal of a batch or a count.
typedef MILLRACE_ENUM(millrace_signal){
    MILLRACE_TRACES = 0,
    MILLRACE_METRICS = 1,
    MILLRACE_LOGS = 2,
} millrace_signal;

MILLRACE_C_END
