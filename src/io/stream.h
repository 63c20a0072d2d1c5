// A connected byte stream: a TCP socket, a TLS session over one, or a simulated one. Non-blocking,
// level-triggered, owned by one loop and used only on that loop's thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io {

enum class IoOutcome : uint8_t {
  kOk,          // count > 0 bytes were moved
  kWouldBlock,  // nothing now; on_ready will be called if the interest is set
  kEnd,         // read only: the peer has closed its sending side in order
  kError,       // the stream is broken; Stream::error() has the reason
};

struct IoResult {
  IoOutcome outcome = IoOutcome::kWouldBlock;
  size_t count = 0;
};

enum class Interest : uint8_t { kNone = 0, kRead = 1, kWrite = 2, kReadWrite = 3 };

class StreamHandler {
 public:
  // The stream can be read or written, or it broke (a read or write then returns kError). Also
  // called once when a connection attempt ends with success, as the first kWrite readiness (a
  // failed attempt calls on_failed). May destroy the stream.
  virtual void on_ready(Interest ready) = 0;
  // The stream is unusable: connecting failed, the handshake failed, or it was reset while no read
  // or write was in progress. Called at most once, and no function is called after it.
  virtual void on_failed(const Error& error) = 0;

 protected:
  ~StreamHandler() = default;
};

// The result of a TLS handshake; empty strings without TLS.
struct TlsInfo {
  bool active = false;       // a TLS session, perhaps in its handshake
  bool established = false;  // the handshake is done; the fields below are valid
  bool resumed = false;      // an abbreviated handshake of an earlier session
  std::string alpn;          // "h2", "http/1.1" or empty
  std::string peer_subject;  // of the verified client or server certificate, RFC 2253
  // All names in a verified certificate, each with its kind: "subject:CN=a,O=b",
  // "cn:a", "dns:a.example", "uri:spiffe://example/a", "email:a@example", "ip:10.0.0.1".
  std::vector<std::string> peer_names = {};
};

class Stream {
 public:
  // Closes at once; the kernel still delivers bytes that it has accepted.
  virtual ~Stream() = default;

  // Sets the handler that is called on readiness. The initial interest is kNone. A handler may call
  // this. Level-triggered: while an interest is ready the handler is called again.
  virtual void set_handler(StreamHandler* handler) = 0;
  virtual void set_interest(Interest interest) = 0;

  // Reads up to into.size() bytes. A short read is not the end.
  virtual IoResult read(std::span<uint8_t> into) = 0;
  // Writes a prefix of the pieces (at most the first IOV_MAX of them).
  virtual IoResult write(std::span<const iovec> from) = 0;
  // Ends the sending side in order (close_notify for TLS, then FIN); reading continues.
  virtual void shutdown_write() = 0;

  virtual Error error() const = 0;
  virtual TlsInfo tls() const = 0;
  // "127.0.0.1:51234"; for logs, limits and client.address.
  virtual std::string peer_address() const = 0;
  virtual std::string local_address() const = 0;
};

}  // namespace millrace::io
