// The loop, streams and listeners of a simulated world.
//
// A loop runs in turns. A ready stream, a due timer or a posted task requests a turn. A turn takes
// a little virtual time, so that readiness that no handler acts on cannot stop the clock.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "io/sim/network.h"
#include "io/tls_stream.h"

namespace millrace::io::sim {

class SimLoop;

class SimStream final : public Stream {
 public:
  SimStream(SimLoop& loop, const std::string& address);  // connects
  SimStream(SimLoop& loop, ConnectionRef connection);    // accepted
  ~SimStream() override;

  void set_handler(StreamHandler* handler) override;
  void set_interest(Interest interest) override;
  IoResult read(std::span<uint8_t> into) override;
  IoResult write(std::span<const iovec> from) override;
  void shutdown_write() override;
  Error error() const override;
  TlsInfo tls() const override { return {}; }
  std::string peer_address() const override { return connection_->ends[1 - side_].address; }
  std::string local_address() const override { return end().address; }

  uint64_t number() const { return number_; }
  void notify();  // the network changed the state of this end
  // Whether the handler should be called now.
  bool wants_call() const;
  // Calls the handler once if it should be called; may destroy this stream.
  void call();

 private:
  End& end() const { return connection_->ends[static_cast<size_t>(side_)]; }
  unsigned ready_bits() const;

  SimLoop& loop_;
  ConnectionRef connection_;
  const int side_;
  const uint64_t number_;
  StreamHandler* handler_ = nullptr;
  Interest interest_ = Interest::kNone;
  bool connecting_;  // the end of the attempt is not reported yet
  bool failed_ = false;
  uint32_t idle_calls_ = 0;  // calls of the handler since its last action
};

class SimListener final : public Listener {
 public:
  SimListener(SimLoop& loop, const ListenOptions& options,
              std::function<void(std::unique_ptr<Stream>)> on_accept);
  ~SimListener() override;
  Status open();
  uint16_t port() const override { return port_; }
  void pause() override { paused_ = true; }
  void resume() override;

  const std::string& ip() const { return ip_; }  // empty: all addresses
  bool shares_port() const { return options_.share_port; }
  size_t backlog_size() const { return backlog_.size(); }
  void enqueue(ConnectionRef connection, MonotonicTime visible_at);
  uint64_t number() const { return number_; }
  bool wants_call() const;
  MonotonicTime next_accept_at() const {
    return paused_ || backlog_.empty() ? kNever : backlog_.front().visible_at;
  }
  void accept_one();  // may destroy this listener

 private:
  SimLoop& loop_;
  ListenOptions options_;
  // Shared with a running call, so that the handler may destroy its listener.
  std::shared_ptr<std::function<void(std::unique_ptr<Stream>)>> on_accept_;
  const uint64_t number_;
  std::string ip_;
  uint16_t port_ = 0;
  bool opened_ = false;
  bool paused_ = false;
  struct Waiting {
    ConnectionRef connection;
    MonotonicTime visible_at;
  };
  std::deque<Waiting> backlog_;
};

class SimTimer final : public Timer {
 public:
  SimTimer(SimLoop& loop, Task task);
  ~SimTimer() override;
  void arm_at(MonotonicTime when) override;
  void disarm() override;
  bool armed() const override { return armed_; }
  void fire();  // may destroy this timer

 private:
  SimLoop& loop_;
  Task task_;
  std::pair<MonotonicTime, uint64_t> key_{};
  bool armed_ = false;
  bool* destroyed_ = nullptr;  // set while the task runs
};

class SimLoop final : public Loop {
 public:
  SimLoop(Network& network, size_t host, uint64_t number, std::map<uint64_t, SimLoop*>& registry);
  ~SimLoop() override;

  MonotonicTime now() const override { return network_.events.now(); }
  WallTime wall_now() const override;
  Random& random() override { return random_; }
  std::unique_ptr<Timer> make_timer(Task on_expiry_repeatable) override;
  void post(Task task) override;
  void defer(Task task) override;
  void drop_tasks() override;
  Result<std::unique_ptr<Listener>> listen(
      const ListenOptions& options,
      std::function<void(std::unique_ptr<Stream>)> on_accept) override;
  std::unique_ptr<Stream> connect(const ConnectOptions& options) override;
  std::unique_ptr<Resolution> resolve(
      const std::string& host, uint16_t port,
      std::function<void(Result<std::vector<Address>>)> on_done) override;
  void run() override;
  void stop() override { stopped_ = true; }

  Network& network() { return network_; }
  size_t host() const { return host_; }
  void want_turn_at(MonotonicTime when);

 private:
  friend class SimStream;
  friend class SimListener;
  friend class SimTimer;
  class SimResolution;

  void on_turn_event(MonotonicTime when);
  void turn();
  void call_ready_streams();
  void accept_waiting();
  void fire_due_timers();
  void run_posted();
  void run_deferred();
  void want_next_turn();
  uint64_t next_object() { return next_object_++; }

  Network& network_;
  const size_t host_;
  const uint64_t number_;
  std::map<uint64_t, SimLoop*>& registry_;  // the world's; events find a loop by its number
  Random random_;
  std::unique_ptr<TlsLinger> tls_linger_;
  const std::thread::id thread_ = std::this_thread::get_id();
  uint64_t next_object_ = 1;
  std::map<uint64_t, SimStream*> streams_;
  std::set<uint64_t> changed_streams_;
  std::map<uint64_t, SimListener*> listeners_;
  std::map<std::pair<MonotonicTime, uint64_t>, SimTimer*> armed_timers_;
  size_t timer_count_ = 0;
  std::map<uint64_t, std::function<void(Result<std::vector<Address>>)>> resolutions_;
  std::vector<Task> posted_;
  std::vector<Task> deferred_;
  MonotonicTime next_turn_ = kNever;
  std::vector<MonotonicTime> turn_events_;  // the few that are in the queue
  MonotonicTime stalled_until_{};
  bool in_turn_ = false;
  bool stopped_ = false;
};

}  // namespace millrace::io::sim
