#include "transport/client/client_channel.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "io/address.h"
#include "transport/client/proxy_tunnel.h"

namespace millrace::transport {
namespace {

// A connection that lasted this long was a real one, also without requests.
constexpr Duration kStayedLong = 10s;

}  // namespace

ClientChannel::ClientChannel(io::Loop& loop, ClientOptions options, ChannelKind kind,
                             std::unique_ptr<ClientDialect> dialect)
    : loop_(loop),
      options_(std::move(options)),
      kind_(kind),
      dialect_(std::move(dialect)),
      connect_policy_(kind, options_.tls != nullptr && options_.http2),
      targets_(options_.reconnect_initial, options_.reconnect_max),
      resolver_(
          loop,
          {.host = options_.proxy ? options_.proxy->host : options_.host,
           .port = options_.proxy ? options_.proxy->port : options_.port,
           .interval = options_.resolve_interval,
           .backoff_initial = options_.reconnect_initial,
           .backoff_max = options_.reconnect_max},
          [this](Result<std::vector<io::Address>> result) { on_resolved(std::move(result)); }) {
  timer_ = loop_.make_timer([this] { on_timer(); });
}

ClientChannel::~ClientChannel() {
  closing_ = true;
  *alive_ = false;
  timer_->disarm();
  resolver_.stop();
  draining_.clear();
  dead_connections_.clear();
  targets_.update({});
  do {
    while (std::optional<ClientCalls::Finished> finished = calls_.take_finished()) {
      finished->done(std::move(finished->answer));
    }
  } while (calls_.cancel_one());
}

void ClientChannel::send(ClientRequest request, Done done) {
  const MonotonicTime deadline = request.deadline;
  calls_.add(std::move(request), std::move(done), loop_.now());
  if (closing_) return;
  if (deadline != kNever) arm(deadline);
  want_turn();
}

std::string ClientChannel::describe() const {
  std::string text = std::to_string(targets_.connected_count()) + " of " +
                     std::to_string(targets_.size()) + " addresses connected";
  if (!last_error_.empty()) text += "; last error: " + last_error_;
  return text;
}

// Turns.

void ClientChannel::want_turn() {
  if (turn_wanted_ || closing_) return;
  turn_wanted_ = true;
  loop_.defer([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) run_turn();
  });
}

void ClientChannel::run_turn() {
  turn_wanted_ = false;
  start_waiting();
  if (calls_.has_waiting() || kind_ == ChannelKind::kGrpc) connect_where_needed();
  fail_hopeless();
  flush_connections();
  deliver();
}

void ClientChannel::start_waiting() {
  while (calls_.has_waiting()) {
    ClientConnection* connection = targets_.pick();
    if (connection == nullptr) return;
    ClientCall& call = calls_.take_oldest(*connection);
    if (const Target* target = targets_.find(*connection)) {
      call.server_address = target->host;
      call.server_port = target->port;
    }
    connection->start(call);
    on_work(*connection);
  }
}

bool ClientChannel::is_served(const ClientCall& call) const {
  return resolver_.begun_at() >= call.waits_since &&
         std::ranges::all_of(targets_.all(), [&](const auto& target) {
           return target->attempted_at >= call.waits_since;
         });
}

// No connection will take these calls: say so now instead of at their deadlines.
void ClientChannel::fail_hopeless() {
  if (resolver_.is_running() || targets_.attempt_count() > 0 || targets_.connection_count() > 0) {
    return;
  }
  while (calls_.has_waiting() && is_served(calls_.oldest_waiting())) {
    calls_.finish_not_sent(calls_.oldest_waiting(), Code::kUnavailable,
                           last_error_.empty() ? "no connection" : last_error_);
  }
  const auto is_asked = [this, demand = demand()](const auto& target) {
    return connect_policy_.is_asked(*target, demand);
  };
  if (!calls_.has_waiting() || std::ranges::any_of(targets_.all(), is_asked)) return;
  // Every address was tried: perhaps the name stands for others by now.
  resolver_.want_after(kAttemptGap);
  arm(resolver_.due_at());
}

void ClientChannel::flush_connections() {
  std::vector<ClientConnection*> dirty = std::move(dirty_);
  dirty_.clear();
  for (ClientConnection* connection : dirty) connection->flush();
  // Flushing may have ended connections, not destroyed them; `dirty` was good until here.
  for (const auto& dead : dead_connections_) std::erase(dirty_, dead.get());
  dead_connections_.clear();
  dead_attempts_.clear();
  resolver_.end_turn();
}

void ClientChannel::deliver() {
  const std::weak_ptr<bool> alive = alive_;
  while (std::optional<ClientCalls::Finished> finished = calls_.take_finished()) {
    finished->done(std::move(finished->answer));
    if (alive.expired() || closing_) return;
  }
}

// What connections tell.

void ClientChannel::on_call_ended(ClientCall& call, CallEnd end, Rope body) {
  if (end.kind == CallEnd::Kind::kComplete) {
    if (Target* target = targets_.find(*call.connection)) {
      target->proven = true;
      target->backoff.reset();
    }
  }
  if (!calls_.try_again(call, end, std::move(body), loop_.now())) {
    calls_.finish(call, dialect_->interpret(std::move(call.response), end, loop_.wall_now()));
  }
  want_turn();
}

void ClientChannel::on_work(ClientConnection& connection) {
  if (std::ranges::find(dirty_, &connection) == dirty_.end()) dirty_.push_back(&connection);
  want_turn();
}

void ClientChannel::on_draining(ClientConnection& connection) {
  Target* target = targets_.find(connection);
  if (target == nullptr) return;
  auto& list = target->connections;
  const auto found = std::ranges::find(list, &connection, &std::unique_ptr<ClientConnection>::get);
  draining_.push_back(std::move(*found));
  list.erase(found);
  after_loss(*target);
  on_work(connection);
}

void ClientChannel::on_closed(ClientConnection& connection, const Error& error) {
  const auto take_from = [&](std::vector<std::unique_ptr<ClientConnection>>& list) {
    const auto found =
        std::ranges::find(list, &connection, &std::unique_ptr<ClientConnection>::get);
    if (found == list.end()) return false;
    dead_connections_.push_back(std::move(*found));
    list.erase(found);
    return true;
  };
  if (Target* target = targets_.find(connection)) {
    note_error(target->address.text + ": " + error.message);
    take_from(target->connections);
    after_loss(*target);
  } else {
    take_from(draining_);
  }
  want_turn();
}

// Connecting.

ConnectDemand ClientChannel::demand() const {
  if (!calls_.has_waiting() || targets_.connection_count() > 0) return {};
  return {.asked_at = calls_.newest_waits_since()};
}

void ClientChannel::connect_where_needed() {
  resolver_.start_if_due();
  const MonotonicTime now = loop_.now();
  const ConnectDemand demand = this->demand();
  // By reference, because a std::function of three captures would be allocated for each request.
  const auto may_connect = [&](const Target& target) {
    return connect_policy_.may_connect(target, demand, now);
  };
  const auto is_overdue = [&](const Target& target) {
    return connect_policy_.is_overdue(target, demand, now);
  };
  const auto fits = std::cref(may_connect);
  while (Target* target = targets_.next_to_try(std::cref(is_overdue))) connect(*target);
  if (kind_ == ChannelKind::kHttp) {
    while (targets_.attempt_count() < calls_.waiting_count() &&
           targets_.attempt_count() + targets_.connection_count() < options_.connections_max) {
      Target* target = targets_.next_to_try(fits);
      if (target == nullptr) break;
      connect(*target);
    }
  } else if (!options_.pick_first) {
    while (Target* target = targets_.next_to_try(fits)) connect(*target);
  } else if (targets_.attempt_count() + targets_.connection_count() == 0) {
    if (Target* target = targets_.next_to_try(fits)) connect(*target);
  }
  for (const auto& target : targets_.all()) {
    arm(connect_policy_.next_change_at(*target, demand, now));
  }
}

void ClientChannel::drop_attempt(Target& target) {
  // It is destroyed at the end of the turn, in which its stream may still become ready.
  target.attempts.back()->cancel();
  dead_attempts_.push_back(std::move(target.attempts.back()));
  target.attempts.pop_back();
}

void ClientChannel::connect(Target& target) {
  io::ConnectOptions where;
  where.address = target.address;
  where.tls = options_.tls;
  where.server_name = options_.tls_server_name.empty() ? options_.host : options_.tls_server_name;
  if (kind_ == ChannelKind::kGrpc || options_.http2) where.alpn.emplace_back("h2");
  if (kind_ == ChannelKind::kHttp) where.alpn.emplace_back("http/1.1");
  if (options_.proxy && (kind_ == ChannelKind::kGrpc || options_.tls != nullptr)) {
    where.wrap = [this](std::unique_ptr<io::Stream> proxy) -> std::unique_ptr<io::Stream> {
      return std::make_unique<ProxyTunnel>(std::move(proxy),
                                           io::format_address(options_.host, options_.port),
                                           options_.proxy->authorization);
    };
  }
  // The first of those that are overdue stays, for a network that is only slow.
  if (connect_policy_.is_overdue(target, demand(), loop_.now()) && target.attempts.size() > 1) {
    drop_attempt(target);
  }
  target.attempted_at = loop_.now();
  const size_t place = target.attempts.size();
  target.attempts.push_back(nullptr);
  // The attempt has to know itself, to be found among its siblings.
  auto self = std::make_shared<ConnectAttempt*>(nullptr);
  target.attempts[place] = std::make_unique<ConnectAttempt>(
      loop_, where, options_.connect_timeout,
      [this, &target, self](Result<std::unique_ptr<io::Stream>> result) {
        on_attempt_ended(target, *self, std::move(result));
      });
  *self = target.attempts[place].get();
}

void ClientChannel::on_attempt_ended(Target& target, ConnectAttempt* attempt,
                                     Result<std::unique_ptr<io::Stream>> result) {
  const auto found =
      std::ranges::find(target.attempts, attempt, &std::unique_ptr<ConnectAttempt>::get);
  dead_attempts_.push_back(std::move(*found));
  target.attempts.erase(found);
  if (result) {
    adopt(target, std::move(*result));
  } else {
    leave_alone(target, result.error());
  }
  want_turn();
}

void ClientChannel::adopt(Target& target, std::unique_ptr<io::Stream> stream) {
  const io::TlsInfo tls = stream->tls();
  const bool http2 = kind_ == ChannelKind::kGrpc || tls.alpn == "h2";
  if (kind_ == ChannelKind::kGrpc && tls.active && tls.alpn != "h2") {
    return leave_alone(target, {Code::kUnavailable,
                                "the peer does not speak HTTP/2 (it did not choose h2 by ALPN)"});
  }
  target.proven = false;
  target.connected_at = loop_.now();
  const ConnectionContext context{loop_, options_, *dialect_, *this};
  target.connections.push_back(http2 ? make_http2_connection(context, std::move(stream))
                                     : make_http1_connection(context, std::move(stream)));
  // Attempts beside one that was overdue.
  const size_t connections_max =
      target.is_http2() ? target.connections.size() : options_.connections_max;
  while (!target.attempts.empty() &&
         target.attempts.size() + target.connections.size() > connections_max) {
    drop_attempt(target);
  }
  on_work(*target.connections.back());
}

void ClientChannel::leave_alone(Target& target, const Error& error) {
  target.retry_at = loop_.now() + target.backoff.next(loop_.random());
  note_error(target.address.text + ": " + error.message);
  want_resolution();
}

// A peer that accepts connections and drops them must not be dialled in a loop, while one that has
// worked, or at least stayed, is worth another attempt at once.
void ClientChannel::after_loss(Target& target) {
  const MonotonicTime now = loop_.now();
  if (!target.proven && now - target.connected_at < kStayedLong) {
    target.retry_at = now + target.backoff.next(loop_.random());
  }
  want_resolution();
}

void ClientChannel::note_error(std::string text) {
  last_error_ = std::move(text);
  last_error_at_ = loop_.now();
}

// Names.

void ClientChannel::on_resolved(Result<std::vector<io::Address>> result) {
  if (!result) {
    note_error(std::move(result.error().message));
  } else {
    for (std::unique_ptr<Target>& gone : targets_.update(*result)) {
      for (auto& connection : gone->connections) {
        ClientConnection& leaving = *connection;
        draining_.push_back(std::move(connection));
        leaving.drain();
      }
    }
  }
  arm(resolver_.due_at());
  want_turn();
}

void ClientChannel::want_resolution() {
  resolver_.want_at(loop_.now());
  arm(resolver_.due_at());
}

// Time.

void ClientChannel::arm(MonotonicTime when) {
  if (when >= armed_at_) return;
  armed_at_ = when;
  timer_->arm_at(when);
}

void ClientChannel::on_timer() {
  armed_at_ = kNever;
  arm(calls_.expire(loop_.now(), [this] { return describe_wait(); }));
  resolver_.start_if_due();
  arm(resolver_.due_at());
  want_turn();
}

// Why a request was not sent before its deadline. The age of the last error is part of the text.
std::string ClientChannel::describe_wait() const {
  const auto seconds = [this](MonotonicTime since) {
    return std::to_string(std::chrono::round<std::chrono::seconds>(loop_.now() - since).count()) +
           " s";
  };
  std::string text = "the deadline passed while waiting for a connection";
  for (const auto& target : targets_.all()) {
    if (target->attempts.empty()) continue;
    text += "; " + target->address.text + " has not answered an attempt to connect for " +
            seconds(target->attempted_at);
    break;
  }
  if (resolver_.is_running()) text += "; " + resolver_.host() + " is being looked up";
  if (!last_error_.empty()) {
    text += "; last error, " + seconds(last_error_at_) + " ago: " + last_error_;
  }
  return text;
}

}  // namespace millrace::transport
