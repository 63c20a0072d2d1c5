// Tells systemd (Type=notify) when the collector is ready and when it stops: the protocol of
// sd_notify(3), one datagram of NAME=VALUE lines to the socket in NOTIFY_SOCKET.
//
// With an empty or unusable address nothing is sent. A send never waits,
// and a failed one changes nothing here: the service manager has its own time limits.
#pragma once

#include <string>
#include <string_view>

namespace millrace::daemon {

class ServiceManager {
 public:
  // `address` is the value of NOTIFY_SOCKET: an absolute path, or '@' and an abstract name.
  explicit ServiceManager(std::string address) : address_(std::move(address)) {}

  // READY=1: the listeners are open. `status` is shown by `systemctl status`.
  void ready(std::string_view status) const;
  // STOPPING=1: queues are being delivered, and the exit follows.
  void stopping(std::string_view status) const;

 private:
  void send(std::string_view state, std::string_view status) const;

  std::string address_;
};

}  // namespace millrace::daemon
