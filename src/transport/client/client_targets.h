// The addresses of one endpoint with the connections to each: which address is tried next, and how
// long one that failed is left alone. Used on the client's loop only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "transport/client/client_connection.h"
#include "transport/client/connect_backoff.h"

namespace millrace::transport {

struct Target {
  Target(io::Address where, Duration backoff_initial, Duration backoff_max);

  io::Address address;
  std::string host;  // "10.0.0.1", "::1"
  uint16_t port = 0;
  ConnectBackoff backoff;
  MonotonicTime retry_at{};  // no attempt before, unless a request asks for one
  MonotonicTime attempted_at = MonotonicTime::min();  // the last attempt began
  MonotonicTime connected_at{};                       // the last time
  bool proven = false;                                // has answered a request since then
  std::vector<std::unique_ptr<ConnectAttempt>> attempts;
  std::vector<std::unique_ptr<ClientConnection>> connections;  // that take requests

  bool is_http2() const { return !connections.empty() && connections.front()->multiplexes(); }
};

class TargetList {
 public:
  TargetList(Duration backoff_initial, Duration backoff_max)
      : backoff_initial_(backoff_initial), backoff_max_(backoff_max) {}

  // Keeps the targets of addresses that stay. Returns those that are gone, in no order.
  std::vector<std::unique_ptr<Target>> update(const std::vector<io::Address>& addresses);
  bool empty() const { return targets_.empty(); }
  size_t size() const { return targets_.size(); }
  const std::vector<std::unique_ptr<Target>>& all() const { return targets_; }

  // The next connection that takes a request, round robin over the addresses; null: none.
  ClientConnection* pick();
  // The next address that `fits`, round robin; null: none.
  Target* next_to_try(const std::function<bool(const Target&)>& fits);
  Target* find(const ClientConnection& connection) const;

  size_t connection_count() const;
  size_t attempt_count() const;
  size_t connected_count() const;  // addresses with a connection

 private:
  const Duration backoff_initial_;
  const Duration backoff_max_;
  std::vector<std::unique_ptr<Target>> targets_;
  size_t next_pick_ = 0;
  size_t next_try_ = 0;
};

}  // namespace millrace::transport
