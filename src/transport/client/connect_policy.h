// Whether a channel dials an address now. Decisions only, from the state of the address, the
// requests that wait and the clock.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "transport/client/client_targets.h"

namespace millrace::transport {

enum class ChannelKind : uint8_t {
  kGrpc,  // HTTP/2 by prior knowledge or ALPN; connections to all addresses are kept up
  kHttp,  // HTTP/1.1, HTTP/2 by ALPN; connections are made when requests wait
};

// Attempts that requests ask for come no closer to each other than this on one address, nor do
// look-ups: a sender without a back-off of its own sends a thousand requests a second.
inline constexpr Duration kAttemptGap = 100ms;
// An attempt that takes so long may wait for a packet that the outage took, and the system repeats
// that ever later: the next request makes a second one beside it.
inline constexpr Duration kAttemptOverdue = 1s;

// The requests that ask for an attempt on each address.
struct ConnectDemand {
  // Since when the newest request waits while there is no connection; min(): no request does.
  MonotonicTime asked_at = MonotonicTime::min();
};

class ConnectPolicy {
 public:
  // `may_choose_http2`: the peer chooses the protocol (ALPN), so it may be HTTP/2.
  ConnectPolicy(ChannelKind kind, bool may_choose_http2)
      : kind_(kind), may_choose_http2_(may_choose_http2) {}

  // A request waits for which no attempt on this address was made.
  bool is_asked(const Target& target, ConnectDemand demand) const {
    return target.attempted_at < demand.asked_at;
  }
  // The attempt under way is to get another one beside it.
  bool is_overdue(const Target& target, ConnectDemand demand, MonotonicTime now) const;
  // An attempt may begin, apart from overdue ones.
  bool may_connect(const Target& target, ConnectDemand demand, MonotonicTime now) const;
  // When is_overdue() or may_connect() change by themselves; kNever: not.
  MonotonicTime next_change_at(const Target& target, ConnectDemand demand, MonotonicTime now) const;

 private:
  const ChannelKind kind_;
  const bool may_choose_http2_;
};

}  // namespace millrace::transport
