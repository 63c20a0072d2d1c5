// Broken invariants of our own stop the process with a message. Outside input is never checked
// with these: it gets an error and a counter.
#pragma once

namespace millrace {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace millrace

#define MILLRACE_CHECK(condition)                            \
  (__builtin_expect(!!(condition), 1) ? static_cast<void>(0) \
                                      : ::millrace::check_failed(#condition, __FILE__, __LINE__))

// The same, only in builds with MILLRACE_DEBUG_CHECKS (all tests): for the inside of hot loops.
#ifdef MILLRACE_DEBUG_CHECKS
#define MILLRACE_DCHECK(condition) MILLRACE_CHECK(condition)
#else
#define MILLRACE_DCHECK(condition) static_cast<void>(0)
#endif
