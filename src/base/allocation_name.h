// Names the purpose of a large allocation. In builds with MILLRACE_DEBUG_CHECKS (the sanitizer
// presets) the tests of the memory budget fail for an allocation of 64 KiB or more that is made
// without a name. In other builds an AllocationName compiles to nothing.
//
// A name is either a term of the memory budget ("term messages"): the bytes are reserved in that
// term before they are allocated. Or it is a named constant ("constant decompressor"): then
// `bytes_max` bounds each such allocation, and the number of these allocations is fixed for each
// worker or each destination; it does not grow with the number of peers.
//
// Names nest; the innermost one applies. A name applies to the thread that created it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

#if defined(MILLRACE_DEBUG_CHECKS)

struct AllocationNameValue {
  const char* name = nullptr;  // null: no name applies
  size_t bytes_max = 0;
};

class AllocationName {
 public:
  // `name` must outlive the scope; pass a string literal.
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
  // User-provided, so that compilers do not report a scope as an unused variable.
  ~AllocationName() {}
  AllocationName(const AllocationName&) = delete;
  AllocationName& operator=(const AllocationName&) = delete;
};

#endif

}  // namespace millrace
