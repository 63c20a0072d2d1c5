// The sanitizers must be informed of each switch: the address sanitizer identifies a stack by its
// bounds, the thread sanitizer by a handle.
#include "io/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define MILLRACE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define MILLRACE_TSAN 1
#endif

#ifdef MILLRACE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MILLRACE_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace millrace::io {

namespace {

size_t page_bytes() {
  static const auto kBytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return kBytes;
}

enum class Leaving : uint8_t { kForNow, kForEver };

}  // namespace

#if defined(__x86_64__)

// Saves the registers that the System V ABI makes the callee preserve (rbx, rbp, r12 to r15, the
// control words of SSE and x87) on the stack `left`, and restores those of the stack `entered`.
extern "C" void millrace_switch_stack(void** left, void* entered);
// The first return address of a new stack; calls millrace_fiber_begin(rbx).
extern "C" void millrace_fiber_entry();

asm(R"(
  .text
  .p2align 4
  .globl millrace_switch_stack
  .hidden millrace_switch_stack
  .type millrace_switch_stack, @function
millrace_switch_stack:
  .cfi_startproc
  endbr64
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .cfi_endproc
  .size millrace_switch_stack, . - millrace_switch_stack

  .p2align 4
  .globl millrace_fiber_entry
  .hidden millrace_fiber_entry
  .type millrace_fiber_entry, @function
millrace_fiber_entry:
  .cfi_startproc
  .cfi_undefined rip
  endbr64
  movq %rbx, %rdi
  call millrace_fiber_begin
  ud2
  .cfi_endproc
  .size millrace_fiber_entry, . - millrace_fiber_entry
)");

#endif

struct Fiber::Switch {
  uint8_t* stack_begin = nullptr;
  size_t stack_bytes = 0;
  Fiber* fiber = nullptr;
#if defined(MILLRACE_DEBUG_CHECKS)
  AllocationNameValue name;
#endif
#if defined(__x86_64__)
  void* inside = nullptr;  // the stack pointer of the side that does not run
  void* outside = nullptr;
  void prepare() {
    auto* top = reinterpret_cast<uint64_t*>(stack_begin + stack_bytes);
    *--top = 0;  // keeps the entry's call aligned
    *--top = 0;
    *--top = reinterpret_cast<uint64_t>(&millrace_fiber_entry);
    *--top = 0;                                  // rbp: the end of the chain of frames
    *--top = reinterpret_cast<uint64_t>(fiber);  // rbx
    for (int i = 0; i < 4; ++i) *--top = 0;      // r12 to r15
    uint32_t control[2] = {};
    asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(control[0]), "=m"(control[1]));
    --top;
    std::memcpy(top, control, sizeof control);
    inside = top;
  }
  void enter() { millrace_switch_stack(&outside, inside); }
  void leave() { millrace_switch_stack(&inside, outside); }
#else
  ucontext_t inside = {};
  ucontext_t outside = {};
  static void entry(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Switch*>(static_cast<uintptr_t>(uint64_t{high} << 32 | low));
    millrace_fiber_begin(self->fiber);
  }
  void prepare() {
    MILLRACE_CHECK(::getcontext(&inside) == 0);
    inside.uc_stack.ss_sp = stack_begin;
    inside.uc_stack.ss_size = stack_bytes;
    inside.uc_link = nullptr;
    const auto self = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(this));
    ::makecontext(&inside, reinterpret_cast<void (*)()>(&Switch::entry), 2,
                  static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  }
  void enter() { MILLRACE_CHECK(::swapcontext(&outside, &inside) == 0); }
  void leave() { MILLRACE_CHECK(::swapcontext(&inside, &outside) == 0); }
#endif

#ifdef MILLRACE_ASAN
  void* inside_fake_stack = nullptr;
  const void* outside_begin = nullptr;
  size_t outside_bytes = 0;
#endif
#ifdef MILLRACE_TSAN
  void* inside_thread = __tsan_create_fiber(0);
  void* outside_thread = nullptr;
  ~Switch() { __tsan_destroy_fiber(inside_thread); }
#endif

  void switch_in() {
#ifdef MILLRACE_ASAN
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, stack_begin, stack_bytes);
#endif
#ifdef MILLRACE_TSAN
    outside_thread = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(inside_thread, 0);
#endif
    enter();
#ifdef MILLRACE_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
  }
  void arrived_first() {
#ifdef MILLRACE_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &outside_begin, &outside_bytes);
#endif
  }
  void switch_out(Leaving leaving) {
#ifdef MILLRACE_ASAN
    __sanitizer_start_switch_fiber(leaving == Leaving::kForEver ? nullptr : &inside_fake_stack,
                                   outside_begin, outside_bytes);
#endif
#ifdef MILLRACE_TSAN
    __tsan_switch_to_fiber(outside_thread, 0);
#endif
    static_cast<void>(leaving);
    leave();
#ifdef MILLRACE_ASAN
    __sanitizer_finish_switch_fiber(inside_fake_stack, &outside_begin, &outside_bytes);
#endif
  }
};

Fiber::Fiber(void* mapping) : mapping_(mapping), switch_(std::make_unique<Switch>()) {
  switch_->stack_begin = static_cast<uint8_t*>(mapping) + page_bytes();
  switch_->stack_bytes = kStackBytes;
  switch_->fiber = this;
}

Fiber::~Fiber() {
  MILLRACE_CHECK(state_ == State::kIdle);
  ::munmap(mapping_, page_bytes() + kStackBytes);
}

std::unique_ptr<Fiber> Fiber::try_make() {
  const size_t bytes = page_bytes() + kStackBytes;
  void* const mapping = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  if (::mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
    ::munmap(mapping, bytes);
    return nullptr;
  }
  return std::unique_ptr<Fiber>(new Fiber(mapping));
}

bool Fiber::start(Task task) {
  MILLRACE_CHECK(state_ == State::kIdle);
  task_ = std::move(task);
  switch_->prepare();
  return run();
}

bool Fiber::resume() {
  MILLRACE_CHECK(state_ == State::kSuspended);
  return run();
}

bool Fiber::run() {
  state_ = State::kRunning;
#if defined(MILLRACE_DEBUG_CHECKS)
  // The name of allocations belongs to the task, not to the thread.
  const AllocationName inside(switch_->name.name, switch_->name.bytes_max);
  switch_->switch_in();
  switch_->name = AllocationName::in_force();
#else
  switch_->switch_in();
#endif
  return state_ == State::kIdle;
}

void Fiber::suspend() {
  MILLRACE_CHECK(state_ == State::kRunning);
  state_ = State::kSuspended;
  switch_->switch_out(Leaving::kForNow);
}

// The outermost function on the fiber's stack; never returns.
void Fiber::main() noexcept {
  switch_->arrived_first();
  task_();
  task_ = nullptr;
  state_ = State::kIdle;
  switch_->switch_out(Leaving::kForEver);
  MILLRACE_CHECK(false);
}

}  // namespace millrace::io

extern "C" void millrace_fiber_begin(void* fiber) {
  static_cast<millrace::io::Fiber*>(fiber)->main();
}
