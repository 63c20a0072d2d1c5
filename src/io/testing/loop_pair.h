// Two hosts for tests, on the kernel's loop or in a simulated world, so that tests of streams,
// timers and names run on both. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "io/loop.h"

namespace millrace::io::testing {

class LoopPair {
 public:
  virtual ~LoopPair() = default;
  virtual Loop& server() = 0;
  virtual Loop& client() = 0;
  // The name by which the client finds the server.
  virtual std::string server_host() const = 0;
  // The address of the server.
  virtual std::string server_ip() const = 0;
  // Runs both loops until the condition holds. False: it did not hold within a minute.
  virtual bool run_until(const std::function<bool()>& condition) = 0;
  // Runs both loops for a short time; the kernel's loop needs real time.
  virtual void run_for(Duration duration) = 0;

  Address server_address(uint16_t port) const {
    return Address{server_ip() + ":" + std::to_string(port)};
  }
};

// A simulated network with tiny buffers and segments, and short reads and writes.
std::unique_ptr<LoopPair> make_sim_pair();
// Both hosts share one epoll loop.
std::unique_ptr<LoopPair> make_epoll_pair();

}  // namespace millrace::io::testing
