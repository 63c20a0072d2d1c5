// A socket of a test that is bound to a free port of 127.0.0.1. The port refuses connections until
// listen(); then it accepts them and sends nothing.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace millrace::doctor::testing {

class LocalPort {
 public:
  // Or SOCK_DGRAM: such a port receives from the start.
  explicit LocalPort(int type = SOCK_STREAM) : descriptor_(::socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    number = ntohs(address.sin_port);
  }
  ~LocalPort() { close(); }
  LocalPort(const LocalPort&) = delete;
  LocalPort& operator=(const LocalPort&) = delete;

  void listen() { ::listen(descriptor_, 8); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  uint16_t number = 0;

 private:
  int descriptor_;
};

}  // namespace millrace::doctor::testing
