// The interface to the system: time, timers, sockets, names, randomness. One Loop is one thread's
// event loop; io/epoll has the kernel's, io/sim a seeded simulation in which many
// loops share one thread and one virtual clock (law 7: only io/ touches the world).
//
// Threads: everything here is called on the loop's own thread, except post() and stop().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "io/stream.h"

namespace millrace::metrics {
class Histogram;
}  // namespace millrace::metrics

namespace millrace::io {

using Task = std::move_only_function<void()>;

// A one-shot timer that its owner arms, re-arms and disarms; destroying it disarms it. Cheap to
// re-arm (O(log n) at worst), so that an idle deadline may be pushed back with each request.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual void arm_at(MonotonicTime when) = 0;
  virtual void disarm() = 0;
  virtual bool armed() const = 0;
};

class Placement;         // io/placement.h
class TlsServerContext;  // io/tls.h; reloads its files itself
class TlsClientContext;

struct ListenOptions {
  // "localhost", "0.0.0.0", "::", a name or an address; empty: all addresses. "unix:/run/a.sock": a
  // unix socket. It replaces a socket without a listener, and is removed at the end.
  std::string host = {};
  uint16_t port = 0;  // 0: the kernel (or the simulation) chooses; see Listener::port()
  // Several loops may listen on one address: each accepts its share (SO_REUSEPORT).
  bool share_port = false;
  // Not null: the first of these listeners accepts for all, and connections are placed by load. The
  // simulation distributes them in turn.
  std::shared_ptr<Placement> placement = nullptr;
  // Not null: each accepted stream is a TLS session. The accept handler is called before the
  // handshake, so that the stream is counted from the start. The end of the handshake is reported
  // as the end of a connection attempt is: by the first on_ready with kWrite, or by on_failed. Must
  // outlive the listener.
  std::shared_ptr<TlsServerContext> tls = nullptr;
  // Called when a connection waits and no descriptor is left. Returns true when one will be free in
  // the next turn. False, or a null function: accepting is suspended for a while.
  std::function<bool()> on_no_descriptor = nullptr;
};

class Listener {
 public:
  virtual ~Listener() = default;  // stops listening; accepted streams continue
  virtual uint16_t port() const = 0;
  // Stops and restarts accepting (no descriptors, memory budget exceeded, shutdown).
  virtual void pause() = 0;
  virtual void resume() = 0;
};

// One resolved address, printable ("10.0.0.1:4317", "[::1]:4317", "unix:/run/a.sock") and usable in
// connect.
struct Address {
  std::string text;
  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;
};

struct ConnectOptions {
  Address address;
  // Not null: TLS with this server name (SNI and verification).
  std::shared_ptr<TlsClientContext> tls = nullptr;
  std::string server_name = {};
  std::vector<std::string> alpn = {};  // offered in this order
  // Not null: makes the stream that is used, and that TLS runs over, from the one to `address`,
  // which is still connecting: a tunnel through a proxy.
  std::function<std::unique_ptr<Stream>(std::unique_ptr<Stream>)> wrap = nullptr;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // The time at the start of this turn of the loop; constant within one callback.
  virtual MonotonicTime now() const = 0;
  // The current time, which advances within a turn: for work that stops when its share of the turn
  // is used up. About 25 ns. Never before now(). In the simulation a turn takes no time.
  virtual MonotonicTime read_clock() const { return now(); }
  // Records the duration of each turn in seconds, from the return of the kernel's wait until the
  // next wait; null: stops recording. `into` must outlive the turns. Call before the loop runs or
  // on its thread. In the simulation a turn takes no time and nothing is recorded.
  virtual void record_turns(metrics::Histogram* into) { static_cast<void>(into); }
  // The current wall time, for timestamps that leave the process.
  virtual WallTime wall_now() const = 0;
  // Seeded in the simulation; for jitter and ids, not for secrets.
  virtual Random& random() = 0;

  virtual std::unique_ptr<Timer> make_timer(Task on_expiry_repeatable) = 0;
  // Runs `task` in a later turn of this loop. Any thread; never blocks; keeps the order of each
  // poster. Tasks posted after stop() are destroyed unrun when the loop is destroyed.
  virtual void post(Task task) = 0;
  // Runs `task` at the end of this turn, after all I/O events: to combine the writes of one turn.
  virtual void defer(Task task) = 0;
  // Destroys posted and deferred tasks, and the tasks that their destructors post, without running
  // them. For an object that ends before the loop while tasks own parts of it. Not during a turn.
  virtual void drop_tasks() = 0;

  // Calls the accept handler with each new stream (the handler may destroy it).
  virtual Result<std::unique_ptr<Listener>> listen(
      const ListenOptions& options, std::function<void(std::unique_ptr<Stream>)> on_accept) = 0;
  // Returns at once. The stream's handler receives the result: the first on_ready with kWrite
  // (after the TLS handshake, if any), or on_failed. Set the handler and interest at once.
  virtual std::unique_ptr<Stream> connect(const ConnectOptions& options) = 0;
  // Resolves a host name to addresses with the port added; never blocks the loop. Destroying the
  // returned handle cancels the resolution; the callback is then never called.
  class Resolution {
   public:
    virtual ~Resolution() = default;
  };
  virtual std::unique_ptr<Resolution> resolve(
      const std::string& host, uint16_t port,
      std::function<void(Result<std::vector<Address>>)> on_done) = 0;

  // Runs until stop(). The simulation does not call it; the world runs its loops.
  virtual void run() = 0;
  virtual void stop() = 0;  // any thread
};

}  // namespace millrace::io
