// State that all connections of one server share. Belongs to the server's loop.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/header_list.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "transport/server/decompressor_shelf.h"
#include "transport/server/message_landing.h"
#include "transport/server/request_routing.h"
#include "transport/server/server.h"

namespace millrace::transport {

// Read here when the budget has no chunk: pings are still answered, requests are refused.
inline constexpr size_t kScratchBytes = 16 * 1024;

struct ServerContext {
  ServerContext(io::Loop& server_loop, ChunkPool& server_pool, ServerOptions server_options,
                ServerObserver& server_observer, io::LongWork* server_long_work)
      : loop(server_loop),
        pool(server_pool),
        options(std::move(server_options)),
        observer(server_observer),
        routing(options),
        landing(server_pool),
        long_work(server_long_work),
        decompressors(std::make_shared<DecompressorShelf>()) {}

  // When a connection that begins now has reached its greatest age; jittered by ±10 %, so that
  // those that began together do not end together. kNever: no limit.
  MonotonicTime age_limit_of_new_connection() const;

  io::Loop& loop;
  ChunkPool& pool;
  const ServerOptions options;
  ServerObserver& observer;
  const RequestRouting routing;
  LandingArea landing;
  io::LongWork* const long_work;  // null: nothing is suspended
  // Shared with requests that are suspended while they are being decompressed.
  const std::shared_ptr<DecompressorShelf> decompressors;
  std::array<uint8_t, kScratchBytes> scratch;
  // Reserved for long header sections that are under way, of all connections.
  size_t open_head_bytes = 0;
  // Requests of HTTP/2 whose bodies are under way, beyond the first few of each connection.
  size_t open_body_count = 0;
  // Bytes of bodies whose requests a gate has not decided on yet.
  size_t unproven_body_bytes = 0;
  // The output of a protocol on its way to the socket; empty in between.
  std::string out;
};

// The interface of the connection that a protocol uses.
class ConnectionHost {
 public:
  virtual ServerContext& context() = 0;
  virtual Landing& landing() = 0;
  // "10.1.2.3:51234".
  virtual const std::string& peer() = 0;
  virtual const io::TlsInfo& tls() = 0;
  // There is something to write, or the protocol has finished: looked at when the turn ends.
  virtual void schedule_flush() = 0;
  // on_time is to be called at `when` at the latest.
  virtual void wake_by(MonotonicTime when) = 0;
  // A request took long: fewer of them are looked at before the clock is.
  virtual void take_smaller_pieces() = 0;
  // A request has passed the gates and was handed on whole: from now on this connection is not
  // among those that make way first. Cheap, called for each request.
  virtual void note_whole_request() = 0;

 protected:
  ~ConnectionHost() = default;
};

// A protocol on one connection, without I/O. Calls of the host go out from inside any of these.
class ConnectionProtocol {
 public:
  virtual ~ConnectionProtocol() = default;
  // Takes a piece of the bytes, at most about `requests_max` requests; returns how many bytes that
  // were. None: it must wait, for more bytes or until its output is written. The rest is passed
  // again in front of the bytes that follow. The bytes may be changed.
  virtual size_t receive(std::span<uint8_t> bytes, size_t requests_max) = 0;
  // The peer will send nothing more.
  virtual void receive_end() = 0;
  // Appends what is to be written, until there is nothing or about `out_bytes_max`.
  virtual void write_to(std::string& out, size_t out_bytes_max) = 0;
  // So much waits to be written that it must be before more is received.
  virtual bool must_flush() const = 0;
  // More waits than every connection has memory for: to be written before other connections run.
  virtual bool should_flush() const = 0;
  // Close when everything is written.
  virtual bool finished() const = 0;
  // The peer may still be sending: close so that it gets to read the last answer.
  virtual bool lingers() const = 0;
  // How much is read and dropped meanwhile.
  virtual size_t linger_bytes_max() const = 0;
  // Whether more bytes are of use now.
  virtual bool wants_read() const = 0;
  // What receive() left is of use now, without waiting for more.
  virtual bool wants_unconsumed() const = 0;
  // Acts on what is due; returns when it wants to be called next.
  virtual MonotonicTime on_time(MonotonicTime now) = 0;
  virtual void begin_drain() = 0;
  // Since when no request is under way; kNever while one is.
  virtual MonotonicTime idle_since() const = 0;
};

}  // namespace millrace::transport
