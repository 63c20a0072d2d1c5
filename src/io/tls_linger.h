// The parts that the TLS streams of one loop share.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "io/tls_handshake_queue.h"

namespace millrace::io {

// The state that the TLS streams of a loop share: a buffer, the queue of handshakes, and the inner
// streams of destroyed TLS streams with unsent bytes. Each loop owns one and destroys it before
// itself.
class TlsLinger {
 public:
  // The maximum of such inner streams on one loop; beyond it the oldest is dropped.
  static constexpr size_t kEntriesMax = 64;
  static constexpr size_t kBytesMax = 1 << 20;

  // `on_trouble` may be empty.
  TlsLinger(Loop& loop, std::function<void(std::string_view what, const Error& error)> on_trouble);
  ~TlsLinger();
  TlsLinger(const TlsLinger&) = delete;
  TlsLinger& operator=(const TlsLinger&) = delete;
  void add(std::unique_ptr<Stream> stream, std::vector<uint8_t> unsent, size_t sent);
  size_t count() const { return entries_.size(); }
  TlsHandshakeQueue& handshakes() { return handshakes_; }

  // One buffer for the records of a write, so that idle sessions hold none and busy ones need not
  // allocate. It is empty; the caller borrows its capacity.
  std::vector<uint8_t> take_buffer() { return std::exchange(buffer_, {}); }
  void return_buffer(std::vector<uint8_t> buffer) {
    buffer.clear();
    if (buffer.capacity() > buffer_.capacity()) buffer_ = std::move(buffer);
  }

 private:
  class Entry;
  using Entries = std::list<std::unique_ptr<Entry>>;
  void leave(Entries::iterator entry);

  Loop& loop_;
  const std::function<void(std::string_view what, const Error& error)> on_trouble_;
  TlsHandshakeQueue handshakes_;
  std::vector<uint8_t> buffer_;
  Entries entries_;  // the oldest is first
  size_t bytes_ = 0;
};

}  // namespace millrace::io
