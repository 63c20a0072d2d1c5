#include "memory/testing/heap_account.h"

#include <execinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"
#include "base/mutex.h"
#include "memory/testing/allocation_table.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MILLRACE_SANITIZER_HOOKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MILLRACE_SANITIZER_HOOKS 1
#endif
#endif

#if defined(MILLRACE_SANITIZER_HOOKS)
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, size_t),
                                              void (*free_hook)(const volatile void*));
void __sanitizer_print_stack_trace(void);
}
#endif

namespace millrace::testing {
namespace {

constexpr size_t kNamesMax = 64;
constexpr size_t kUnnamedMax = 8;

// The open account. Global, because malloc is.
struct State {
  std::atomic<bool> is_open{false};      // read by every malloc
  HeapAccount::Counts counts = nullptr;  // set before is_open
  Mutex mutex;
  AllocationTable table MILLRACE_GUARDED_BY(mutex);
  const Budget* budget MILLRACE_GUARDED_BY(mutex) = nullptr;
  size_t live MILLRACE_GUARDED_BY(mutex) = 0;
  size_t outside_peak MILLRACE_GUARDED_BY(mutex) = 0;
  size_t report_beyond MILLRACE_GUARDED_BY(mutex) = SIZE_MAX;
  // The first is that of small allocations.
  std::array<HeapAccount::Named, kNamesMax> names MILLRACE_GUARDED_BY(mutex){};
  size_t name_count MILLRACE_GUARDED_BY(mutex) = 1;
  std::array<size_t, kUnnamedMax> unnamed MILLRACE_GUARDED_BY(mutex){};
  std::array<const char*, kUnnamedMax> unnamed_for MILLRACE_GUARDED_BY(mutex){};
  size_t unnamed_count MILLRACE_GUARDED_BY(mutex) = 0;
};
State state;

// True on a thread that is inside the account's own code, whose allocations are not counted.
constinit thread_local bool is_inside = false;

void print_stack(const char* what, size_t bytes) {
  char line[200];
  const int size = std::snprintf(line, sizeof line, "%s: %zu bytes\n", what, bytes);
  if (write(STDERR_FILENO, line, static_cast<size_t>(size)) < 0) return;
#if defined(MILLRACE_SANITIZER_HOOKS)
  __sanitizer_print_stack_trace();
#else
  void* frames[32];
  backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
#endif
}

// Which sizes take most: a line each, to stderr. What is beyond the places is left out.
void print_sizes() MILLRACE_REQUIRES(state.mutex) {
  struct Sum {
    size_t bytes = 0;
    size_t count = 0;
  };
  static std::array<Sum, 4096> sums;
  sums = {};
  state.table.for_each([](const Allocation& one) {
    Sum* place = std::ranges::find_if(
        sums, [&one](const Sum& sum) { return sum.count == 0 || sum.bytes == one.bytes; });
    if (place == sums.end()) return;
    place->bytes = one.bytes;
    ++place->count;
  });
  constexpr size_t kLines = 12;
  if (state.budget != nullptr) {
    for (size_t term = 0; term < kMemoryTermCount; ++term) {
      const auto which = static_cast<MemoryTerm>(term);
      char line[80];
      const int size = std::snprintf(line, sizeof line, "%.*s: %zu bytes reserved\n",
                                     static_cast<int>(memory_term_name(which).size()),
                                     memory_term_name(which).data(), state.budget->used(which));
      if (write(STDERR_FILENO, line, static_cast<size_t>(size)) < 0) return;
    }
  }
  std::ranges::partial_sort(sums, sums.begin() + kLines, std::greater(),
                            [](const Sum& sum) { return sum.bytes * sum.count; });
  for (const Sum& sum : std::span(sums).first(kLines)) {
    char line[80];
    const int size =
        std::snprintf(line, sizeof line, "%zu times %zu bytes\n", sum.count, sum.bytes);
    if (write(STDERR_FILENO, line, static_cast<size_t>(size)) < 0) return;
  }
}

[[maybe_unused]] uint32_t name_place(const char* name) MILLRACE_REQUIRES(state.mutex) {
  size_t place = 1;
  while (place < state.name_count && std::strcmp(state.names[place].name, name) != 0) ++place;
  MILLRACE_CHECK(place < kNamesMax);
  if (place == state.name_count) {
    ++state.name_count;
    state.names[place] = {name, 0, 0, 0, 0};
  }
  return static_cast<uint32_t>(place);
}

// True: its stack is to be printed.
bool note_large(size_t bytes, Allocation& allocation) MILLRACE_REQUIRES(state.mutex) {
#if defined(MILLRACE_DEBUG_CHECKS)
  const AllocationNameValue name = AllocationName::in_force();
  if (name.name != nullptr) {
    allocation.name = name_place(name.name);
    HeapAccount::Named& named = state.names[allocation.name];
    named.live_bytes += bytes;
    named.peak_bytes = std::max(named.peak_bytes, named.live_bytes);
    named.largest_bytes = std::max(named.largest_bytes, bytes);
    ++named.count;
    if (bytes <= name.bytes_max) return false;
  }
  if (state.unnamed_count == kUnnamedMax) return false;
  state.unnamed_for[state.unnamed_count] = name.name;
  state.unnamed[state.unnamed_count++] = bytes;
  return true;
#else
  (void)bytes;
  (void)allocation;
  return false;
#endif
}

void on_malloc(const void* data, size_t bytes) {
  if (!state.is_open.load(std::memory_order_relaxed) || is_inside || data == nullptr) return;
  if (!state.counts()) return;
  is_inside = true;
  bool is_unnamed = false;
  bool is_beyond = false;
  {
    const MutexLock lock(state.mutex);
    Allocation allocation{.data = data, .bytes = bytes};
    if (bytes >= kLargeAllocationBytes) is_unnamed = note_large(bytes, allocation);
    state.table.insert(allocation);
    state.live += bytes;
    const size_t covered = state.budget == nullptr ? 0 : state.budget->used();
    const size_t outside = state.live > covered ? state.live - covered : 0;
    if (outside > state.outside_peak) state.outside_peak = outside;
    is_beyond = outside > state.report_beyond;
    if (is_beyond) {
      state.report_beyond = SIZE_MAX;
      print_sizes();
    }
  }
  if (is_unnamed) print_stack("a large allocation without a name", bytes);
  if (is_beyond)
    print_stack("the allocation with which too much is held outside the budget", bytes);
  is_inside = false;
}

void on_free(const void* data) {
  if (!state.is_open.load(std::memory_order_relaxed) || is_inside || data == nullptr) return;
  const MutexLock lock(state.mutex);
  const Allocation allocation = state.table.take(data);
  state.live -= allocation.bytes;
  if (allocation.name != 0) state.names[allocation.name].live_bytes -= allocation.bytes;
}

}  // namespace

HeapAccount::HeapAccount(Counts counts) {
  MILLRACE_CHECK(!state.is_open.load());
#if defined(MILLRACE_SANITIZER_HOOKS)
  static const int kInstalled = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void* data, size_t bytes) {
        on_malloc(const_cast<const void*>(data), bytes);
      },
      [](const volatile void* data) { on_free(const_cast<const void*>(data)); });
  MILLRACE_CHECK(kInstalled != 0);
#else
  // The first call loads a library, and that allocates.
  void* frame = nullptr;
  backtrace(&frame, 1);
#endif
  state.counts = counts;
  state.is_open.store(true);
}

HeapAccount::~HeapAccount() {
  state.is_open.store(false);
  const MutexLock lock(state.mutex);
  state.table.clear();
  state.budget = nullptr;
  state.live = 0;
  state.outside_peak = 0;
  state.report_beyond = SIZE_MAX;
  state.name_count = 1;
  state.unnamed_count = 0;
}

size_t HeapAccount::live_bytes() const {
  const MutexLock lock(state.mutex);
  return state.live;
}

size_t HeapAccount::live_count() const {
  const MutexLock lock(state.mutex);
  return state.table.count();
}

void HeapAccount::set_budget(const Budget* budget) {
  const MutexLock lock(state.mutex);
  state.budget = budget;
}

size_t HeapAccount::outside_peak() const {
  const MutexLock lock(state.mutex);
  return state.outside_peak;
}

void HeapAccount::reset_outside_peak() {
  const MutexLock lock(state.mutex);
  state.outside_peak = 0;
}

void HeapAccount::report_beyond(size_t outside_bytes) {
  const MutexLock lock(state.mutex);
  state.report_beyond = outside_bytes;
}

std::vector<std::string> HeapAccount::take_unnamed() {
  std::array<size_t, kUnnamedMax> sizes{};
  std::array<const char*, kUnnamedMax> names{};
  size_t count = 0;
  {
    const MutexLock lock(state.mutex);
    sizes = state.unnamed;
    names = state.unnamed_for;
    count = std::exchange(state.unnamed_count, 0);
  }
  std::vector<std::string> texts;
  for (size_t at = 0; at < count; ++at) {
    texts.push_back("an allocation of " + std::to_string(sizes[at]) + " bytes " +
                    (names[at] == nullptr ? std::string("has no name")
                                          : "is more than " + std::string(names[at]) + " allows"));
  }
  return texts;
}

std::vector<HeapAccount::Named> HeapAccount::named() const {
  std::array<Named, kNamesMax> copy{};
  size_t count = 0;
  {
    const MutexLock lock(state.mutex);
    copy = state.names;
    count = state.name_count;
  }
  return {copy.begin() + 1, copy.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace millrace::testing

#if !defined(MILLRACE_SANITIZER_HOOKS)

// Replacing malloc, as glibc's manual describes it: what is behind the names stays glibc's.
#define MILLRACE_EXPORT __attribute__((visibility("default")))

extern "C" {

void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* data, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void* data);

MILLRACE_EXPORT void* malloc(size_t bytes) noexcept {
  void* data = __libc_malloc(bytes);
  millrace::testing::on_malloc(data, bytes);
  return data;
}

MILLRACE_EXPORT void free(void* data) noexcept {
  millrace::testing::on_free(data);
  __libc_free(data);
}

MILLRACE_EXPORT void* calloc(size_t count, size_t bytes) noexcept {
  void* data = __libc_calloc(count, bytes);
  millrace::testing::on_malloc(data, count * bytes);
  return data;
}

MILLRACE_EXPORT void* realloc(void* data, size_t bytes) noexcept {
  millrace::testing::on_free(data);
  void* moved = __libc_realloc(data, bytes);
  millrace::testing::on_malloc(moved, bytes);
  return moved;
}

MILLRACE_EXPORT void* memalign(size_t alignment, size_t bytes) noexcept {
  void* data = __libc_memalign(alignment, bytes);
  millrace::testing::on_malloc(data, bytes);
  return data;
}

MILLRACE_EXPORT void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
  return memalign(alignment, bytes);
}

MILLRACE_EXPORT int posix_memalign(void** into, size_t alignment, size_t bytes) noexcept {
  void* data = memalign(alignment, bytes);
  if (data == nullptr) return 12;  // ENOMEM
  *into = data;
  return 0;
}

}  // extern "C"

#endif
