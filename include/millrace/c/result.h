// What calls answer, and what belongs to nothing else: version, time, ids, signals.
#pragma once

#include <stdint.h>

#include "millrace/c/api.h"

MILLRACE_C_BEGIN

// What a call answers.
typedef MILLRACE_ENUM(millrace_code){
    MILLRACE_OK = 0,
    MILLRACE_BUFFER_FULL = 1,        // the buffer is used up; nothing was taken
    MILLRACE_SHUT_DOWN = 2,          // after millrace_shutdown(); nothing was taken
    MILLRACE_TOO_LARGE = 3,          // one item larger than item_bytes_max; nothing was taken
    MILLRACE_INVALID_ARGUMENT = 4,   // a null pointer, or a value that is not allowed
    MILLRACE_DEADLINE_EXCEEDED = 5,  // the deadline came first; what is left is counted
    MILLRACE_UNAVAILABLE = 6,        // the system has no threads, descriptors or memory for it
    MILLRACE_UNIMPLEMENTED = 7,      // known, and not in this version
} millrace_code;

// "BUFFER_FULL" and so on; "UNKNOWN" for other numbers. Never null, never freed.
MILLRACE_API const char* millrace_code_name(millrace_code code);

// The library's version, "0.1.0"; MILLRACE_VERSION_MAJOR and so on are the header's.
MILLRACE_API const char* millrace_version(void);

// Nanoseconds since the Unix epoch, now.
MILLRACE_API uint64_t millrace_now_unix_nano(void);

// Fills in 16 random bytes that are not all zero. A forked child does not repeat its parent's.
MILLRACE_API void millrace_random_trace_id(uint8_t* trace_id);
// The same for the 8 bytes of a span id.
MILLRACE_API void millrace_random_span_id(uint8_t* span_id);

// What a batch or a count is about.
typedef MILLRACE_ENUM(millrace_signal){
    MILLRACE_TRACES = 0,
    MILLRACE_METRICS = 1,
    MILLRACE_LOGS = 2,
} millrace_signal;

MILLRACE_C_END
