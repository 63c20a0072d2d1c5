#include "io/placement.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace millrace::io {

Placement::Socket::~Socket() {
  if (descriptor_.number >= 0) ::close(descriptor_.number);
}

int Placement::Socket::take() {
  passing_ = nullptr;
  return std::exchange(descriptor_.number, -1);
}

std::shared_ptr<Placement::Member> Placement::join(TakeOver take_over) {
  auto member = std::make_shared<Member>(std::move(take_over));
  const MutexLock lock(mutex_);
  members_.push_back(member);
  return member;
}

void Placement::leave(const std::shared_ptr<Member>& member) {
  const MutexLock lock(mutex_);
  std::erase(members_, member);
}

bool Placement::is_empty() {
  const MutexLock lock(mutex_);
  return members_.empty();
}

void Placement::place(Socket socket, const std::shared_ptr<Member>& accepting) {
  std::shared_ptr<Member> chosen = accepting;
  {
    const MutexLock lock(mutex_);
    for (const std::shared_ptr<Member>& member : members_) {
      if (member->in_passing_count() >= kInPassingMax) continue;
      if (member->open_count() < chosen->open_count()) chosen = member;
    }
    // Counted under the lock, so that two loops do not choose the same idle one.
    chosen->open_.fetch_add(1, std::memory_order_relaxed);
  }
  OpenConnection connection(
      nullptr, [chosen](void*) { chosen->open_.fetch_sub(1, std::memory_order_relaxed); });
  if (chosen != accepting) {
    chosen->in_passing_.fetch_add(1, std::memory_order_relaxed);
    socket.passing_ = std::shared_ptr<void>(
        nullptr, [chosen](void*) { chosen->in_passing_.fetch_sub(1, std::memory_order_relaxed); });
  }
  chosen->take_over_(std::move(socket), std::move(connection));
}

}  // namespace millrace::io
