// One connection of a client, over HTTP/2 or HTTP/1.1, and the attempt to make one. Used on the
// client's loop only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "transport/client/client_call.h"
#include "transport/client/client_dialect.h"

namespace millrace::transport {

class ClientConnection {
 public:
  // Closes at once; calls that it still carries hear nothing.
  virtual ~ClientConnection() = default;
  // A request may be started now.
  virtual bool can_take() const = 0;
  // Precondition: can_take(). Sends nothing before flush().
  virtual void start(ClientCall& call) = 0;
  // Gives the call up: it hears nothing more.
  virtual void cancel(ClientCall& call) = 0;
  // Writes what there is to write; a connection that has closed does nothing.
  virtual void flush() = 0;
  // Takes no more requests, and closes when those under way are done.
  virtual void drain() = 0;
  virtual size_t call_count() const = 0;
  // Carries many requests at a time.
  virtual bool multiplexes() const = 0;
};

// Hears of what happens to connections. None of these may destroy the connection.
class ClientConnectionOwner {
 public:
  // `body` is the request's body where `end` is kNotSent.
  virtual void on_call_ended(ClientCall& call, CallEnd end, Rope body) = 0;
  // There is something to flush, or can_take() may have changed.
  virtual void on_work(ClientConnection& connection) = 0;
  // The peer wants no more requests on it (GOAWAY).
  virtual void on_draining(ClientConnection& connection) = 0;
  // It is of no use any more; all its calls have ended. Called once, nothing follows.
  virtual void on_closed(ClientConnection& connection, const Error& error) = 0;

 protected:
  ~ClientConnectionOwner() = default;
};

struct ConnectionContext {
  io::Loop& loop;
  const ClientOptions& options;
  const ClientDialect& dialect;
  ClientConnectionOwner& owner;
};

std::unique_ptr<ClientConnection> make_http2_connection(const ConnectionContext& context,
                                                        std::unique_ptr<io::Stream> stream);
std::unique_ptr<ClientConnection> make_http1_connection(const ConnectionContext& context,
                                                        std::unique_ptr<io::Stream> stream);

// Waits for a stream to be connected, up to a time limit. Destroying it gives up.
class ConnectAttempt final : io::StreamHandler {
 public:
  // Called at most once, not from the constructor; may destroy the attempt.
  using Done = std::move_only_function<void(Result<std::unique_ptr<io::Stream>>)>;
  ConnectAttempt(io::Loop& loop, const io::ConnectOptions& where, Duration limit, Done done);
  // `done` is not called any more, also when the stream becomes ready later in this turn.
  void cancel();

 private:
  void on_ready(io::Interest ready) override;
  void on_failed(const Error& error) override;

  Done done_;
  std::unique_ptr<io::Stream> stream_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::transport
