#include "transport/client/client_channel.h"

#include <algorithm>
#include <utility>

#include "io/address.h"
#include "transport/client/peer_text.h"
#include "transport/client/proxy_tunnel.h"

namespace millrace::transport {
namespace {

// Failures ask for a new look-up of the name, but not more often than this.
constexpr Duration kResolveMinInterval = 1s;
// Attempts that requests ask for come no closer to each other than this on one address, nor do
// look-ups: a sender without a back-off of its own sends a thousand requests a second.
constexpr Duration kAttemptGap = 100ms;
// An attempt that takes so long may wait for a packet that the outage took, and the system repeats
// that ever later: the next request makes a second one beside it.
constexpr Duration kAttemptOverdue = 1s;
// A peer may ask for the end of time, which no clock can be added to.
constexpr Duration kRetryAfterMax = std::chrono::hours(365 * 24);
// A call that a peer certainly did not see goes elsewhere by itself, once.
constexpr uint32_t kAttemptsMax = 2;
// A connection that lasted this long was a real one, also without requests.
constexpr Duration kStayedLong = 10s;

}  // namespace

ClientChannel::ClientChannel(io::Loop& loop, ClientOptions options, ChannelKind kind,
                             std::unique_ptr<ClientDialect> dialect)
    : loop_(loop),
      options_(std::move(options)),
      kind_(kind),
      dialect_(std::move(dialect)),
      targets_(options_.reconnect_initial, options_.reconnect_max),
      resolve_backoff_(options_.reconnect_initial, options_.reconnect_max) {
  timer_ = loop_.make_timer([this] { on_timer(); });
}

ClientChannel::~ClientChannel() {
  closing_ = true;
  *alive_ = false;
  timer_->disarm();
  resolution_.reset();
  draining_.clear();
  dead_connections_.clear();
  targets_.update({});
  while (!finished_.empty() || !calls_.empty()) {
    while (!finished_.empty()) {
      Finished finished = std::move(finished_.front());
      finished_.pop_front();
      finished.done(std::move(finished.answer));
    }
    if (calls_.empty()) break;
    ClientAnswer answer;
    answer.kind = ClientAnswer::Kind::kCancelled;
    answer.code = Code::kCancelled;
    answer.message = "shutting down";
    finish(*calls_.back(), std::move(answer));
  }
}

void ClientChannel::send(ClientRequest request, Done done) {
  auto call = std::make_unique<ClientCall>();
  call->request = std::move(request);
  call->done = std::move(done);
  call->index = calls_.size();
  const MonotonicTime deadline = call->request.deadline;
  call->waits_since = loop_.now();
  waiting_.push_back(call.get());
  calls_.push_back(std::move(call));
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
  if (!waiting_.empty() || kind_ == ChannelKind::kGrpc) connect_where_needed();
  fail_hopeless();
  flush_connections();
  deliver();
}

void ClientChannel::start_waiting() {
  while (!waiting_.empty()) {
    ClientConnection* connection = targets_.pick();
    if (connection == nullptr) return;
    ClientCall& call = *waiting_.front();
    waiting_.pop_front();
    call.connection = connection;
    ++call.attempt_count;
    if (const Target* target = targets_.find(*connection)) {
      call.server_address = target->host;
      call.server_port = target->port;
    }
    connection->start(call);
    on_work(*connection);
  }
}

bool ClientChannel::is_served(const ClientCall& call) const {
  return resolved_at_ >= call.waits_since &&
         std::ranges::all_of(targets_.all(), [&](const auto& target) {
           return target->attempted_at >= call.waits_since;
         });
}

// No connection will take these calls: say so now instead of at their deadlines.
void ClientChannel::fail_hopeless() {
  if (resolution_ != nullptr || targets_.attempt_count() > 0 || targets_.connection_count() > 0) {
    return;
  }
  while (!waiting_.empty() && is_served(*waiting_.front())) {
    answer_not_sent(*waiting_.front(), Code::kUnavailable,
                    last_error_.empty() ? "no connection" : last_error_);
  }
  const auto is_asked = [this](const auto& target) { return asks_for_attempt(*target); };
  if (waiting_.empty() || std::ranges::any_of(targets_.all(), is_asked)) return;
  // Every address was tried: perhaps the name stands for others by now.
  resolve_at_ = std::min(resolve_at_, resolved_at_ + kAttemptGap);
  arm(resolve_at_);
}

void ClientChannel::flush_connections() {
  std::vector<ClientConnection*> dirty = std::move(dirty_);
  dirty_.clear();
  for (ClientConnection* connection : dirty) connection->flush();
  // Flushing may have ended connections, not destroyed them; `dirty` was good until here.
  for (const auto& dead : dead_connections_) std::erase(dirty_, dead.get());
  dead_connections_.clear();
  dead_attempts_.clear();
  dead_resolution_.reset();
}

void ClientChannel::deliver() {
  const std::weak_ptr<bool> alive = alive_;
  while (!finished_.empty()) {
    Finished finished = std::move(finished_.front());
    finished_.pop_front();
    finished.done(std::move(finished.answer));
    if (alive.expired() || closing_) return;
  }
}

void ClientChannel::finish(ClientCall& call, ClientAnswer answer) {
  if (call.connection == nullptr) std::erase(waiting_, &call);
  if (answer.kind != ClientAnswer::Kind::kNotSent) {
    answer.server_address = std::move(call.server_address);
    answer.server_port = call.server_port;
  }
  answer.message = to_peer_text(answer.message);
  if (answer.retry_after) answer.retry_after = std::min(*answer.retry_after, kRetryAfterMax);
  finished_.push_back({std::move(call.done), std::move(answer), std::move(call.body_memory)});
  const size_t index = call.index;
  std::swap(calls_[index], calls_.back());
  calls_[index]->index = index;
  calls_.pop_back();
  want_turn();
}

void ClientChannel::answer_not_sent(ClientCall& call, Code code, std::string message) {
  ClientAnswer answer;
  answer.kind = ClientAnswer::Kind::kNotSent;
  answer.code = code;
  answer.message = std::move(message);
  finish(call, std::move(answer));
}

// What connections tell.

void ClientChannel::on_call_ended(ClientCall& call, CallEnd end, Rope body) {
  if (end.kind == CallEnd::Kind::kComplete) {
    if (Target* target = targets_.find(*call.connection)) {
      target->proven = true;
      target->backoff.reset();
    }
  }
  call.connection = nullptr;
  if (end.kind == CallEnd::Kind::kNotSent && call.attempt_count < kAttemptsMax) {
    call.request.body = std::move(body);
    call.response = {};
    call.body_memory = Reservation();
    call.waits_since = loop_.now();
    waiting_.push_front(&call);
    want_turn();
    return;
  }
  finish(call, dialect_->interpret(std::move(call.response), end, loop_.wall_now()));
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

bool ClientChannel::asks_for_attempt(const Target& target) const {
  return !waiting_.empty() && targets_.connection_count() == 0 &&
         target.attempted_at < waiting_.back()->waits_since;
}

bool ClientChannel::is_overdue(const Target& target) const {
  return !target.attempts.empty() && asks_for_attempt(target) &&
         loop_.now() >= target.attempted_at + kAttemptOverdue;
}

bool ClientChannel::may_connect(const Target& target) const {
  const MonotonicTime now = loop_.now();
  const bool is_asked = asks_for_attempt(target) && now >= target.attempted_at + kAttemptGap;
  if (target.retry_at > now && !is_asked) return false;
  if (kind_ == ChannelKind::kGrpc) return target.connections.empty() && target.attempts.empty();
  if (target.is_http2()) return false;
  // Until it is known which protocol the peer chooses, one attempt at a time.
  const bool may_be_http2 = options_.tls != nullptr && options_.http2;
  return !may_be_http2 || target.attempts.empty();
}

MonotonicTime ClientChannel::next_change_at(const Target& target) const {
  const MonotonicTime now = loop_.now();
  MonotonicTime next = target.retry_at > now ? target.retry_at : kNever;
  if (asks_for_attempt(target)) {
    const MonotonicTime asked_at =
        target.attempted_at + (target.attempts.empty() ? kAttemptGap : kAttemptOverdue);
    if (asked_at > now) next = std::min(next, asked_at);
  }
  return next;
}

void ClientChannel::connect_where_needed() {
  if (resolution_ == nullptr && resolve_at_ <= loop_.now()) resolve();
  const auto fits = [this](const Target& target) { return may_connect(target); };
  const auto overdue = [this](const Target& target) { return is_overdue(target); };
  while (Target* target = targets_.next_to_try(overdue)) connect(*target);
  if (kind_ == ChannelKind::kHttp) {
    while (targets_.attempt_count() < waiting_.size() &&
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
  for (const auto& target : targets_.all()) arm(next_change_at(*target));
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
  if (is_overdue(target) && target.attempts.size() > 1) drop_attempt(target);
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
  want_resolution_at(loop_.now());
}

// A peer that accepts connections and drops them must not be dialled in a loop, while one that has
// worked, or at least stayed, is worth another attempt at once.
void ClientChannel::after_loss(Target& target) {
  const MonotonicTime now = loop_.now();
  if (!target.proven && now - target.connected_at < kStayedLong) {
    target.retry_at = now + target.backoff.next(loop_.random());
  }
  want_resolution_at(now);
}

void ClientChannel::note_error(std::string text) {
  last_error_ = std::move(text);
  last_error_at_ = loop_.now();
}

// Names.

const std::string& ClientChannel::dialled_host() const {
  return options_.proxy ? options_.proxy->host : options_.host;
}

void ClientChannel::resolve() {
  resolved_at_ = loop_.now();
  resolve_at_ = kNever;
  resolution_ = loop_.resolve(
      dialled_host(), options_.proxy ? options_.proxy->port : options_.port,
      [this](Result<std::vector<io::Address>> result) { on_resolved(std::move(result)); });
}

void ClientChannel::on_resolved(Result<std::vector<io::Address>> result) {
  dead_resolution_ = std::move(resolution_);
  const MonotonicTime now = loop_.now();
  if (!result || result->empty()) {
    note_error(dialled_host() + ": " +
               (result ? std::string("the name has no addresses") : result.error().message));
    resolve_at_ = now + resolve_backoff_.next(loop_.random());
  } else {
    resolve_backoff_.reset();
    resolve_at_ = now + options_.resolve_interval;
    for (std::unique_ptr<Target>& gone : targets_.update(*result)) {
      for (auto& connection : gone->connections) {
        ClientConnection& leaving = *connection;
        draining_.push_back(std::move(connection));
        leaving.drain();
      }
    }
  }
  arm(resolve_at_);
  want_turn();
}

void ClientChannel::want_resolution_at(MonotonicTime when) {
  if (resolution_ != nullptr) return;
  when = std::max(when, resolved_at_ + kResolveMinInterval);
  if (when >= resolve_at_) return;
  resolve_at_ = when;
  arm(when);
}

// Time.

void ClientChannel::arm(MonotonicTime when) {
  if (when >= armed_at_) return;
  armed_at_ = when;
  timer_->arm_at(when);
}

void ClientChannel::on_timer() {
  armed_at_ = kNever;
  expire_calls();
  if (resolution_ == nullptr && resolve_at_ <= loop_.now()) resolve();
  if (resolution_ == nullptr) arm(resolve_at_);
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
  if (resolution_ != nullptr) text += "; " + dialled_host() + " is being looked up";
  if (!last_error_.empty()) {
    text += "; last error, " + seconds(last_error_at_) + " ago: " + last_error_;
  }
  return text;
}

void ClientChannel::expire_calls() {
  const MonotonicTime now = loop_.now();
  MonotonicTime next = kNever;
  for (size_t i = calls_.size(); i-- > 0;) {
    ClientCall& call = *calls_[i];
    if (call.request.deadline > now) {
      next = std::min(next, call.request.deadline);
      continue;
    }
    if (call.connection == nullptr) {
      answer_not_sent(call, Code::kDeadlineExceeded, describe_wait());
      continue;
    }
    ClientAnswer answer;
    answer.kind = ClientAnswer::Kind::kTimedOut;
    answer.code = Code::kDeadlineExceeded;
    answer.message = "no answer within the deadline";
    call.connection->cancel(call);
    finish(call, std::move(answer));
  }
  if (next != kNever) arm(next);
}

}  // namespace millrace::transport
