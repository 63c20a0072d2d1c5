#include "io/epoll/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/allocation_name.h"
#include "io/epoll/socket.h"

namespace millrace::io {
namespace {

constexpr size_t kTasksBytesMax = size_t{4} << 20;

}  // namespace

Mailbox::~Mailbox() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status Mailbox::open() {
  descriptor_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor_ < 0) return fail(system_error("creating an eventfd", errno));
  return {};
}

void Mailbox::post(Task task) {
  {
    // Each request under way, whose memory is reserved, posts a few tasks at the most.
    const AllocationName name("constant mailbox of a loop", kTasksBytesMax);
    const MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    // Under the lock, so that a concurrent take() cannot clear the flag for a task that it leaves.
    has_mail_.store(true, std::memory_order_seq_cst);
  }
  if (asleep_.load(std::memory_order_seq_cst)) wake();
}

void Mailbox::wake() {
  if (!asleep_.exchange(false, std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  while (::write(descriptor_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool Mailbox::may_sleep() {
  asleep_.store(true, std::memory_order_seq_cst);
  if (!has_mail_.load(std::memory_order_seq_cst)) return true;
  asleep_.store(false, std::memory_order_relaxed);
  return false;
}

void Mailbox::clear_descriptor() {
  uint64_t count = 0;
  while (::read(descriptor_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

void Mailbox::take(std::vector<Task>& into) {
  if (!has_mail_.load(std::memory_order_relaxed)) return;
  const MutexLock lock(mutex_);
  std::swap(tasks_, into);
  has_mail_.store(false, std::memory_order_relaxed);
}

}  // namespace millrace::io
