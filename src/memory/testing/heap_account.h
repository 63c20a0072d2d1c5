// Counts exactly the heap bytes that a part of a test program holds: it sees every allocation and
// every free of all libraries. For tests, the simulation and fuzz targets that check the memory
// budget; a program that links millrace_memory_testing gets its own malloc (under the sanitizers
// their hooks), which costs some 20 ns a call while an account is open.
//
// One account is open at a time. A function decides for each allocation whether the account counts
// it; frees are counted wherever they happen, also on other threads. Bytes are those that the
// caller requested; the overhead of the allocator is not counted.
//
// Threads: the account belongs to the thread that made it. The function must answer false on
// threads whose allocations do not belong to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memory/budget.h"

namespace millrace::testing {

// From this size on an allocation needs a name (base/allocation_name.h).
inline constexpr size_t kLargeAllocationBytes = 64 * 1024;

class HeapAccount {
 public:
  // Must not allocate.
  using Counts = bool (*)();
  explicit HeapAccount(Counts counts);
  ~HeapAccount();
  HeapAccount(const HeapAccount&) = delete;
  HeapAccount& operator=(const HeapAccount&) = delete;

  size_t live_bytes() const;
  size_t live_count() const;

  // Subtracts the budget's reservations from the live bytes: the difference is held outside the
  // budget's terms. Null: subtracts nothing. The budget must outlive its use here.
  void set_budget(const Budget* budget);
  // The most that was ever held outside, looked at with every allocation.
  size_t outside_peak() const;
  void reset_outside_peak();
  // The first allocation with which more is held outside is written to stderr, with its stack
  // and the sizes that take most of what lives.
  void report_beyond(size_t outside_bytes);

  // Allocations of kLargeAllocationBytes and more that had no name, or were larger than their name
  // allows, since the last call; each with its stack on stderr. Always empty in builds without
  // MILLRACE_DEBUG_CHECKS, where allocations have no names.
  std::vector<std::string> take_unnamed();
  // The largest bytes at one time of each name, for measuring.
  struct Named {
    const char* name;
    size_t live_bytes;
    size_t peak_bytes;
    size_t largest_bytes;
    uint64_t count;
  };
  std::vector<Named> named() const;
};

}  // namespace millrace::testing
