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

#include <memory>
#include <string>
#include <vector>

#include "transport/client/client.h"
#include "transport/client/client_calls.h"
#include "transport/client/client_connection.h"
#include "transport/client/client_targets.h"
#include "transport/client/connect_policy.h"
#include "transport/client/endpoint_resolver.h"

namespace millrace::transport {

class ClientChannel final : public Client, ClientConnectionOwner {
 public:
  ClientChannel(io::Loop& loop, ClientOptions options, ChannelKind kind,
                std::unique_ptr<ClientDialect> dialect);
  ~ClientChannel() override;

  void send(ClientRequest request, Done done) override;
  size_t in_flight_count() const override { return calls_.in_flight_count(); }
  std::string describe() const override;

 private:
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
  void note_error(std::string text);
  std::string describe_wait() const;

  ConnectDemand demand() const;
  void drop_attempt(Target& target);
  // Every address was tried for it, and the name looked up.
  bool is_served(const ClientCall& call) const;
  void connect(Target& target);
  void on_attempt_ended(Target& target, ConnectAttempt* attempt,
                        Result<std::unique_ptr<io::Stream>> result);
  void adopt(Target& target, std::unique_ptr<io::Stream> stream);
  void leave_alone(Target& target, const Error& error);
  void after_loss(Target& target);

  void on_resolved(Result<std::vector<io::Address>> result);
  // A connection or an attempt has failed: the name may stand for other addresses by now.
  void want_resolution();

  void arm(MonotonicTime when);
  void on_timer();

  io::Loop& loop_;
  const ClientOptions options_;
  const ChannelKind kind_;
  const std::unique_ptr<ClientDialect> dialect_;

  ClientCalls calls_;
  const ConnectPolicy connect_policy_;
  TargetList targets_;
  EndpointResolver resolver_;
  std::vector<std::unique_ptr<ClientConnection>> draining_;  // finish what they carry
  std::vector<ClientConnection*> dirty_;                     // to be flushed
  // What must not be destroyed inside its own callback waits here for the end of the turn.
  std::vector<std::unique_ptr<ClientConnection>> dead_connections_;
  std::vector<std::unique_ptr<ConnectAttempt>> dead_attempts_;

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
