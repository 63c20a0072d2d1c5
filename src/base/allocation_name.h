// Names what a large allocation is for. In builds with MILLRACE_DEBUG_CHECKS (the sanitizer
// presets) tests that hold a Millrace to its memory budget fail for an allocation of 64 KiB and
// more that is made without a name; elsewhere an AllocationName is nothing.
//
// A name is either a term of the memory budget ("term messages"): the bytes are reserved in that
// term before they are allocated. Or it is a named constant ("constant decompressor"): then
// `bytes_max` bounds each such allocation, and how many there are is a fixed number for each worker
// or each destination, never for each peer.
//
// Names nest; the innermost counts. They hold for the thread that made them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

#if defined(MILLRACE_DEBUG_CHECKS)

struct AllocationNameValue {
  const char* name = nullptr;  // null: none is in force
  size_t bytes_max = 0;
};

class AllocationName {
 public:
  // `name` must outlive the scope: a literal.
  explicit AllocationName(const char* name, size_t bytes_max = SIZE_MAX)
      : before_(std::exchange(current, AllocationNameValue{name, bytes_max})) {}
  ~AllocationName() { current = before_; }
  AllocationName(const AllocationName&) = delete;
  AllocationName& operator=(const AllocationName&) = delete;

  static AllocationNameValue in_force() { return current; }

 private:
  static inline constinit thread_local AllocationNameValue current{};
  const AllocationNameValue before_;
};

#else

class AllocationName {
 public:
  explicit AllocationName(const char*, size_t = 0) {}
  // Not trivial, so that a scope is not an unused variable.
  ~AllocationName() {}
  AllocationName(const AllocationName&) = delete;
  AllocationName& operator=(const AllocationName&) = delete;
};

#endif

}  // namespace millrace
