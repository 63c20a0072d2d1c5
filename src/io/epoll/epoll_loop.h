// The loop behind make_epoll_loop, its streams and its listeners. See epoll.h.
//
// A turn: collect the kernel's events (they are only marked, no handler is called), call the ready
// streams, accept, receive datagrams, fire timers, run posted tasks, run deferred tasks. Because no
// handler runs while events are collected, a destroyed object only has to leave the loop's own
// lists.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "base/random.h"
#include "io/datagram.h"
#include "io/epoll/epoll.h"
#include "io/epoll/mailbox.h"
#include "io/epoll/socket.h"
#include "io/epoll/timer_heap.h"
#include "io/loop.h"
#include "io/placement.h"
#include "io/tls_stream.h"

namespace millrace::io {

class EpollLoop;

// The target of the pointer in the kernel's event data.
class Pollable {
 public:
  virtual void collect(uint32_t events) = 0;  // only stores them

 protected:
  ~Pollable() = default;
};

class EpollStream final : public Stream, public Pollable {
 public:
  // Connects to `address`.
  EpollStream(EpollLoop& loop, const Address& address);
  // Takes ownership of an accepted, non-blocking socket.
  EpollStream(EpollLoop& loop, int descriptor, const SocketAddress& peer,
              Placement::OpenConnection connection);
  ~EpollStream() override;

  void set_handler(StreamHandler* handler) override;
  void set_interest(Interest interest) override;
  IoResult read(std::span<uint8_t> into) override;
  IoResult write(std::span<const iovec> from) override;
  void shutdown_write() override;
  Error error() const override;
  TlsInfo tls() const override { return {}; }
  std::string peer_address() const override { return to_text(peer_); }
  std::string local_address() const override;

  void collect(uint32_t events) override;
  // Whether the handler should be called.
  bool is_due() const;
  void call();  // may destroy this stream

 private:
  friend class EpollLoop;

  enum class Phase : uint8_t { kConnecting, kOpen, kFailed };

  void start_connecting(const Address& address);
  void register_descriptor();
  void enqueue_if_due();
  void fail_with(Error error);
  IoResult break_with(int error_number);
  void finish_connecting();

  EpollLoop& loop_;
  // Counts this connection while it is open; may be null.
  const Placement::OpenConnection open_connection_;
  int descriptor_ = -1;
  StreamHandler* handler_ = nullptr;
  uint8_t interest_ = 0;        // bits of Interest
  uint8_t ready_ = 0;           // bits of Interest; set by events, cleared when drained
  bool peer_finished_ = false;  // EPOLLRDHUP: a short read does not mean that nothing is left
  bool hung_up_ = false;        // EPOLLERR or EPOLLHUP is not handled yet
  bool queued_ = false;         // in the loop's list of streams to call
  bool broken_ = false;         // error_ has the reason
  Phase phase_ = Phase::kOpen;
  Error error_{Code::kOk, ""};
  SocketAddress peer_;
};

class EpollListener final : public Listener {
 public:
  EpollListener(EpollLoop& loop, std::function<void(std::unique_ptr<Stream>)> on_accept);
  ~EpollListener() override;
  Status open(const ListenOptions& options);
  uint16_t port() const override { return port_; }
  void pause() override;
  void resume() override;
  void accept_waiting();  // may destroy this listener

 private:
  struct Socket final : Pollable {
    Socket(EpollListener& owner, int fd) : listener(owner), descriptor(fd) {}
    void collect(uint32_t events) override;
    EpollListener& listener;
    int descriptor;
    bool waiting = false;  // connections wait to be accepted
  };

  void close_sockets();
  void apply_pausing();
  void suspend(int error_number);
  bool frees_descriptor(int error_number) const;
  void join(std::shared_ptr<Placement> placement);
  void take_over(int descriptor, Placement::OpenConnection connection);
  bool accepting() const { return !paused_ && !suspended_; }

  EpollLoop& loop_;
  // Shared with a running call, so that the handler may destroy its listener.
  std::shared_ptr<std::function<void(std::unique_ptr<Stream>)>> on_accept_;
  std::function<bool()> on_no_descriptor_;  // may be null
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::shared_ptr<Placement> placement_;  // null: every connection stays on this loop
  std::shared_ptr<Placement::Member> member_;
  // Tasks from other loops find the listener by this pointer; it is null after the listener's end.
  // Read and written on this loop only.
  std::shared_ptr<EpollListener*> self_;
  std::unique_ptr<Timer> resume_timer_;
  uint16_t port_ = 0;
  bool paused_ = false;     // by the owner
  bool suspended_ = false;  // because descriptors ran out
  bool registered_ = false;
  bool* destroyed_ = nullptr;  // set while accepting
};

class EpollDatagramSocket final : public DatagramSocket {
 public:
  EpollDatagramSocket(EpollLoop& loop, std::function<void(const Datagram&)> on_datagram);
  ~EpollDatagramSocket() override;
  Status open(const DatagramOptions& options);
  uint16_t port() const override { return port_; }
  void receive_waiting();  // may destroy this socket

 private:
  struct Socket final : Pollable {
    Socket(EpollDatagramSocket& its_owner, int fd) : owner(its_owner), descriptor(fd) {}
    void collect(uint32_t events) override;
    EpollDatagramSocket& owner;
    int descriptor;
    bool waiting = false;  // datagrams wait to be read
  };

  void close_sockets();
  bool receive_one(int descriptor);

  EpollLoop& loop_;
  // Shared with a running call, so that the handler may destroy its socket.
  std::shared_ptr<std::function<void(const Datagram&)>> on_datagram_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::span<uint8_t> buffer_;
  uint16_t port_ = 0;
  bool* destroyed_ = nullptr;  // set while reading
};

class EpollLoop final : public Loop, public DatagramLoop {
 public:
  explicit EpollLoop(EpollLoopOptions options);
  ~EpollLoop() override;
  Status open();

  MonotonicTime now() const override { return now_; }
  MonotonicTime read_clock() const override;
  void record_turns(metrics::Histogram* into) override { turns_ = into; }
  WallTime wall_now() const override;
  Random& random() override { return random_; }
  std::unique_ptr<Timer> make_timer(Task on_expiry_repeatable) override;
  void post(Task task) override;
  // Runs the task at once on this loop's own thread, otherwise in a later turn.
  void run_here(Task task);
  void defer(Task task) override { deferred_.push_back(std::move(task)); }
  void drop_tasks() override;
  Result<std::unique_ptr<Listener>> listen(
      const ListenOptions& options,
      std::function<void(std::unique_ptr<Stream>)> on_accept) override;
  std::unique_ptr<Stream> connect(const ConnectOptions& options) override;
  std::unique_ptr<Resolution> resolve(
      const std::string& host, uint16_t port,
      std::function<void(Result<std::vector<Address>>)> on_done) override;
  Result<std::unique_ptr<DatagramSocket>> receive_datagrams(
      const DatagramOptions& options, std::function<void(const Datagram&)> on_datagram) override;
  void run() override;
  void stop() override;

  // Runs one turn and sleeps at most `sleep_max`; for tests and for loops driven from outside.
  void run_turn(Duration sleep_max);

  // For EpollDatagramSocket: it keeps the loop from being empty from add() to remove(), is notified
  // by `by` when a descriptor has something to read, and reads in the turn behind enqueue().
  void add(EpollDatagramSocket& socket);
  void remove(EpollDatagramSocket& socket);
  void watch_reading(int descriptor, Pollable& by);
  void enqueue(EpollDatagramSocket& socket);

 private:
  friend class EpollStream;
  friend class EpollListener;
  class EpollResolution;
  static constexpr size_t kEventsMax = 256;

  int sleep_ms(Duration sleep_max);
  void collect_events(int timeout_ms);
  void call_streams();
  void accept_waiting();
  void receive_waiting();
  void run_posted();
  void run_deferred();
  void enqueue(EpollStream* stream);
  void forget(EpollStream* stream);
  void report(std::string_view what, const Error& error);

  EpollLoopOptions options_;
  metrics::Histogram* turns_ = nullptr;
  int epoll_ = -1;
  Random random_;
  MonotonicTime now_;
  std::shared_ptr<Mailbox> mailbox_;   // shared with resolvers that may answer after the loop's end
  std::atomic<bool> stopping_{false};  // set by any thread, read once a turn; orders no data
  // The thread of run(); its own posts need no lock. Written by that thread, read by posters, which
  // only compare it with their own id: relaxed.
  std::atomic<std::thread::id> thread_{};
  TimerHeap timers_;
  std::vector<EpollStream*> due_streams_;     // to call in the next turn; null: destroyed
  std::vector<EpollStream*> called_streams_;  // being called in this turn
  EpollStream* current_stream_ = nullptr;
  std::vector<EpollListener*> due_listeners_;
  std::vector<EpollDatagramSocket*> due_datagrams_;
  std::vector<Task> posted_here_;
  std::vector<Task> running_;
  std::vector<Task> deferred_;
  std::map<uint64_t, std::function<void(Result<std::vector<Address>>)>> resolutions_;
  uint64_t next_resolution_ = 1;
  std::unique_ptr<TlsLinger> tls_linger_;
  size_t stream_count_ = 0;
  size_t listener_count_ = 0;
  size_t datagram_socket_count_ = 0;
  std::array<epoll_event, kEventsMax> events_;
};

}  // namespace millrace::io
