#include "transport/client/connect_policy.h"

#include <algorithm>

namespace millrace::transport {

bool ConnectPolicy::is_overdue(const Target& target, ConnectDemand demand,
                               MonotonicTime now) const {
  return !target.attempts.empty() && is_asked(target, demand) &&
         now >= target.attempted_at + kAttemptOverdue;
}

bool ConnectPolicy::may_connect(const Target& target, ConnectDemand demand,
                                MonotonicTime now) const {
  const bool is_due = is_asked(target, demand) && now >= target.attempted_at + kAttemptGap;
  if (target.retry_at > now && !is_due) return false;
  if (kind_ == ChannelKind::kGrpc) return target.connections.empty() && target.attempts.empty();
  if (target.is_http2()) return false;
  // Until it is known which protocol the peer chooses, one attempt at a time.
  return !may_choose_http2_ || target.attempts.empty();
}

MonotonicTime ConnectPolicy::next_change_at(const Target& target, ConnectDemand demand,
                                            MonotonicTime now) const {
  MonotonicTime next = target.retry_at > now ? target.retry_at : kNever;
  if (is_asked(target, demand)) {
    const MonotonicTime due_at =
        target.attempted_at + (target.attempts.empty() ? kAttemptGap : kAttemptOverdue);
    if (due_at > now) next = std::min(next, due_at);
  }
  return next;
}

}  // namespace millrace::transport
