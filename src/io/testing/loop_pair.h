// Two hosts to test with, on the kernel's loop or in a simulated world: what a test states about
// streams, timers and names then holds for both. One thread.
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
  // By this name the client finds the server.
  virtual std::string server_host() const = 0;
  // And by this address.
  virtual std::string server_ip() const = 0;
  // Runs both loops until the condition holds. False: it did not within a minute.
  virtual bool run_until(const std::function<bool()>& condition) = 0;
  // Runs both for a while; short, since the kernel's takes real time.
  virtual void run_for(Duration duration) = 0;

  Address server_address(uint16_t port) const {
    return Address{server_ip() + ":" + std::to_string(port)};
  }
};

// A simulated network with tiny buffers and segments, and short reads and writes.
std::unique_ptr<LoopPair> make_sim_pair();
// Both hosts are one epoll loop.
std::unique_ptr<LoopPair> make_epoll_pair();

}  // namespace millrace::io::testing
