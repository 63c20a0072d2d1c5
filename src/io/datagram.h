// Datagram sockets (UDP) that receive, for protocols whose senders expect no answer. The kernel
// drops datagrams that are not read in time, and tells neither side, so a socket is read
// in every turn of the loop in which it has data. Used on its loop's thread.
//
// An interface of its own beside Loop: few users have datagrams. The simulation has none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "io/loop.h"

namespace millrace::io {

struct DatagramOptions {
  std::string host = {};  // as of ListenOptions, without unix sockets
  uint16_t port = 0;      // 0: the kernel chooses; see DatagramSocket::port()
  // Datagrams are read into it, one after the other: its size is the longest that is read whole.
  // Outlives the socket.
  std::span<uint8_t> buffer = {};
  // SO_RCVBUF, the size of the kernel's buffer, which holds datagrams that are not read yet; 0: the
  // system's default.
  size_t kernel_buffer_bytes = 0;
};

struct Datagram {
  std::span<const uint8_t> bytes;  // valid during the call
  bool is_cut = false;             // it was longer than the buffer; `bytes` is its beginning
  std::string peer = {};           // "10.0.0.1:5000"
};

class DatagramSocket {
 public:
  virtual ~DatagramSocket() = default;  // closes
  virtual uint16_t port() const = 0;
};

// What a loop with datagrams implements.
class DatagramLoop {
 public:
  // `on_datagram` may destroy the socket. It is called for a bounded number of datagrams in a turn
  // of the loop. Errors as of Loop::listen: kAlreadyExists, kPermissionDenied, kInvalidArgument.
  virtual Result<std::unique_ptr<DatagramSocket>> receive_datagrams(
      const DatagramOptions& options, std::function<void(const Datagram&)> on_datagram) = 0;

 protected:
  ~DatagramLoop() = default;
};

// kUnimplemented for a loop without datagrams.
Result<std::unique_ptr<DatagramSocket>> receive_datagrams(
    Loop& loop, const DatagramOptions& options, std::function<void(const Datagram&)> on_datagram);

}  // namespace millrace::io
