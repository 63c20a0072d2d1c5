// The machinery behind both clients: calls wait here for a connection, connections are made where
// they are needed, and deadlines are kept. What the bytes mean is the dialect's.
//
// One back-off decides how long a peer that fails is left alone: that of the sender of requests. A
// request that finds no connection makes an attempt on each address, and a look-up of the name when
// all have failed; it is answered only behind that. The channel's own back-off is for connections
// that are kept up while nothing is sent.
//
// Everything happens in one place, run_turn(), at the end of a turn of the loop: waiting calls
// take connections, connections are dialled, output of the whole turn is written at once, and
// answers are delivered. Events only record and ask for such a turn, which is also why no answer
// is ever given from inside send().
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "transport/client/client.h"
#include "transport/client/client_connection.h"
#include "transport/client/client_targets.h"

namespace millrace::transport {

enum class ChannelKind : uint8_t {
  kGrpc,  // HTTP/2 by prior knowledge or ALPN; connections to all addresses are kept up
  kHttp,  // HTTP/1.1, HTTP/2 by ALPN; connections are made when requests wait
};

class ClientChannel final : public Client, ClientConnectionOwner {
 public:
  ClientChannel(io::Loop& loop, ClientOptions options, ChannelKind kind,
                std::unique_ptr<ClientDialect> dialect);
  ~ClientChannel() override;

  void send(ClientRequest request, Done done) override;
  size_t in_flight_count() const override { return calls_.size() + finished_.size(); }
  std::string describe() const override;

 private:
  struct Finished {
    Done done;
    ClientAnswer answer;
    Reservation body_memory;  // for the answer's body
  };

  void on_call_ended(ClientCall& call, CallEnd end, Rope body) override;
  void on_work(ClientConnection& connection) override;
  void on_draining(ClientConnection& connection) override;
  void on_closed(ClientConnection& connection, const Error& error) override;

  void want_turn();
  void run_turn();
  void start_waiting();
  void connect_where_needed();
  void fail_hopeless();
  void flush_connections();
  void deliver();
  void finish(ClientCall& call, ClientAnswer answer);
  void answer_not_sent(ClientCall& call, Code code, std::string message);
  void note_error(std::string text);
  std::string describe_wait() const;

  // A request waits that no attempt on this address was made for.
  bool asks_for_attempt(const Target& target) const;
  bool is_overdue(const Target& target) const;
  bool may_connect(const Target& target) const;
  // When may_connect() or is_overdue() change by themselves; kNever: not.
  MonotonicTime next_change_at(const Target& target) const;
  void drop_attempt(Target& target);
  // Every address was tried for it, and the name looked up.
  bool is_served(const ClientCall& call) const;
  void connect(Target& target);
  void on_attempt_ended(Target& target, ConnectAttempt* attempt,
                        Result<std::unique_ptr<io::Stream>> result);
  void adopt(Target& target, std::unique_ptr<io::Stream> stream);
  void leave_alone(Target& target, const Error& error);
  void after_loss(Target& target);

  // What connections are made to: the host, or the proxy.
  const std::string& dialled_host() const;
  void resolve();
  void on_resolved(Result<std::vector<io::Address>> result);
  void want_resolution_at(MonotonicTime when);

  void arm(MonotonicTime when);
  void on_timer();
  void expire_calls();

  io::Loop& loop_;
  const ClientOptions options_;
  const ChannelKind kind_;
  const std::unique_ptr<ClientDialect> dialect_;

  std::vector<std::unique_ptr<ClientCall>> calls_;  // waiting or on a connection
  std::deque<ClientCall*> waiting_;
  std::deque<Finished> finished_;

  TargetList targets_;
  std::vector<std::unique_ptr<ClientConnection>> draining_;  // finish what they carry
  std::vector<ClientConnection*> dirty_;                     // to be flushed
  // What must not be destroyed inside its own callback waits here for the end of the turn.
  std::vector<std::unique_ptr<ClientConnection>> dead_connections_;
  std::vector<std::unique_ptr<ConnectAttempt>> dead_attempts_;

  std::unique_ptr<io::Loop::Resolution> resolution_;
  std::unique_ptr<io::Loop::Resolution> dead_resolution_;
  ConnectBackoff resolve_backoff_;
  MonotonicTime resolve_at_{};   // the next look-up
  MonotonicTime resolved_at_{};  // the last one that was begun
  std::string last_error_;
  MonotonicTime last_error_at_{};

  std::unique_ptr<io::Timer> timer_;
  MonotonicTime armed_at_ = kNever;
  bool turn_wanted_ = false;
  bool closing_ = false;
  // Deferred tasks outlive us; they look here first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace millrace::transport
