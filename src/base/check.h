// Checks of the program's own invariants: a failed check stops the process with a message. Input
// from outside is never checked with these macros; invalid input causes an error and is counted.
#pragma once

namespace millrace {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace millrace

#define MILLRACE_CHECK(condition)                            \
  (__builtin_expect(!!(condition), 1) ? static_cast<void>(0) \
                                      : ::millrace::check_failed(#condition, __FILE__, __LINE__))

// MILLRACE_CHECK in builds with MILLRACE_DEBUG_CHECKS (all tests) only: for hot loops.
#ifdef MILLRACE_DEBUG_CHECKS
#define MILLRACE_DCHECK(condition) MILLRACE_CHECK(condition)
#else
#define MILLRACE_DCHECK(condition) static_cast<void>(0)
#endif
