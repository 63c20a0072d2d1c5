#include <algorithm>

#include "base/check.h"
#include "io/address.h"
#include "io/sim/running_host.h"
#include "io/sim/sim_loop.h"

namespace millrace::io::sim {

namespace {
constexpr unsigned kRead = static_cast<unsigned>(Interest::kRead);
constexpr unsigned kWrite = static_cast<unsigned>(Interest::kWrite);
// A handler that is called this often without reading, writing or changing its interest would spin
// endlessly on a real loop.
constexpr uint32_t kIdleCallsMax = 5'000;
}  // namespace

SimStream::SimStream(SimLoop& loop, const std::string& address)
    : loop_(loop), side_(0), number_(loop.next_object()), connecting_(true) {
  const RunningHost none(kNoHost);
  connection_ = loop.network().connect(this, loop.host(), address);
  loop_.streams_[number_] = this;
}

SimStream::SimStream(SimLoop& loop, ConnectionRef connection)
    : loop_(loop),
      connection_(std::move(connection)),
      side_(1),
      number_(loop.next_object()),
      connecting_(false) {
  end().stream = this;
  loop_.streams_[number_] = this;
}

SimStream::~SimStream() {
  const RunningHost none(kNoHost);
  loop_.streams_.erase(number_);
  loop_.changed_streams_.erase(number_);
  loop_.network().close(connection_, side_);
}

void SimStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  idle_calls_ = 0;
  notify();
}

void SimStream::set_interest(Interest interest) {
  if (interest != interest_) idle_calls_ = 0;
  interest_ = interest;
  notify();
}

IoResult SimStream::read(std::span<uint8_t> into) {
  MILLRACE_CHECK(!into.empty());
  const RunningHost none(kNoHost);
  End& mine = end();
  if (connecting_ && !mine.broken) return {IoOutcome::kWouldBlock, 0};
  if (mine.readable() == 0) {
    if (mine.broken) return {IoOutcome::kError, 0};
    if (mine.fin_received) return {IoOutcome::kEnd, 0};
    idle_calls_ = 0;
    return {IoOutcome::kWouldBlock, 0};
  }
  Network& network = loop_.network();
  const size_t there = std::min(into.size(), mine.readable());
  size_t count = there;
  if (there > 1 && network.random.chance(network.faults.short_read)) {
    count = 1 + network.random.below(there - 1);
    network.chronicle.count(Fault::kShortRead, connection_->id, count);
  }
  std::copy_n(mine.received.data() + mine.received_start, count, into.data());
  mine.received_start += count;
  network.acknowledge(connection_, side_, count);
  network.chronicle.note("read", connection_->id, count);
  idle_calls_ = 0;
  return {IoOutcome::kOk, count};
}

IoResult SimStream::write(std::span<const iovec> from) {
  End& mine = end();
  MILLRACE_CHECK(!mine.fin_sent);
  const RunningHost none(kNoHost);
  if (mine.broken) return {IoOutcome::kError, 0};
  size_t wanted = 0;
  for (const iovec& piece : from) wanted += piece.iov_len;
  if (wanted == 0) return {IoOutcome::kOk, 0};
  idle_calls_ = 0;
  if (connecting_) return {IoOutcome::kWouldBlock, 0};
  Network& network = loop_.network();
  const size_t capacity = network.faults.buffer_bytes;
  if (mine.outstanding >= capacity) {
    network.chronicle.count(Fault::kSendBufferFull, connection_->id, mine.outstanding);
    return {IoOutcome::kWouldBlock, 0};
  }
  size_t count = std::min(wanted, capacity - mine.outstanding);
  if (count > 1 && network.random.chance(network.faults.short_write)) {
    count = 1 + network.random.below(count - 1);
    network.chronicle.count(Fault::kShortWrite, connection_->id, count);
  }
  return {IoOutcome::kOk, network.send(connection_, side_, from, count)};
}

void SimStream::shutdown_write() {
  const RunningHost none(kNoHost);
  if (!end().fin_sent && !end().broken) loop_.network().send_fin(connection_, side_);
}

Error SimStream::error() const {
  if (!end().broken) return Error{Code::kOk, ""};
  std::string what =
      side_ == 0 && !connection_->established ? "connecting to " : "connection with ";
  return Error{Code::kUnavailable, what + peer_address() + ": " + end().broken_because};
}

void SimStream::notify() {
  // A later change that makes the handler due requests a turn again.
  if (!wants_call()) return;
  loop_.changed_streams_.insert(number_);
  if (!loop_.in_turn_) loop_.want_turn_at(loop_.now());
}

unsigned SimStream::ready_bits() const {
  const End& mine = end();
  if (mine.broken) return kRead | kWrite;
  unsigned bits = 0;
  if (mine.readable() > 0 || mine.fin_received) bits |= kRead;
  // As the kernel does: not for every single free byte.
  const size_t capacity = loop_.network().faults.buffer_bytes;
  if (mine.outstanding < capacity && (capacity - mine.outstanding) * 3 >= capacity) bits |= kWrite;
  return bits;
}

bool SimStream::wants_call() const {
  if (handler_ == nullptr || failed_) return false;
  if (connecting_) return end().broken || connection_->established;
  return end().broken || (ready_bits() & static_cast<unsigned>(interest_)) != 0;
}

void SimStream::call() {
  if (!wants_call()) return;
  MILLRACE_CHECK(++idle_calls_ < kIdleCallsMax);
  loop_.network().chronicle.note("ready", connection_->id, ready_bits());
  const unsigned wanted = ready_bits() & static_cast<unsigned>(interest_);
  if (end().broken && (connecting_ || interest_ == Interest::kNone)) {
    failed_ = true;
    handler_->on_failed(error());
  } else if (connecting_) {
    connecting_ = false;
    handler_->on_ready(Interest::kWrite);
  } else {
    handler_->on_ready(static_cast<Interest>(wanted));
  }
}

SimListener::SimListener(SimLoop& loop, const ListenOptions& options,
                         std::function<void(std::unique_ptr<Stream>)> on_accept)
    : loop_(loop),
      options_(options),
      on_accept_(
          std::make_shared<std::function<void(std::unique_ptr<Stream>)>>(std::move(on_accept))),
      number_(loop.next_object()) {
  loop_.listeners_[number_] = this;
}

Status SimListener::open() {
  const std::string& host = options_.host;
  if (!host.empty() && host != "0.0.0.0" && host != "::") {
    auto found = loop_.network().hosts.look_up(loop_.host(), host);
    if (!found) return fail(found.error());
    ip_ = found->front();
  }
  auto port = loop_.network().add_listener(this, loop_.host(), options_.port, options_.share_port);
  if (!port) return fail(port.error());
  port_ = *port;
  opened_ = true;
  return {};
}

SimListener::~SimListener() {
  loop_.listeners_.erase(number_);
  if (!opened_) return;
  loop_.network().remove_listener(this, loop_.host(), port_);
  for (Waiting& waiting : backlog_) loop_.network().abort(waiting.connection, 1);
}

void SimListener::enqueue(ConnectionRef connection, MonotonicTime visible_at) {
  // End 1 now belongs to this loop's host.
  backlog_.push_back(Waiting{std::move(connection), visible_at});
  loop_.want_turn_at(visible_at);
}

void SimListener::resume() {
  paused_ = false;
  if (!backlog_.empty()) loop_.want_turn_at(loop_.now());
}

bool SimListener::wants_call() const { return next_accept_at() <= loop_.now(); }

void SimListener::accept_one() {
  ConnectionRef connection = std::move(backlog_.front().connection);
  backlog_.pop_front();
  if (!backlog_.empty()) loop_.want_turn_at(backlog_.front().visible_at);
  loop_.network().chronicle.note("accept", connection->id, loop_.number_);
  const auto on_accept = on_accept_;
  (*on_accept)(std::make_unique<SimStream>(loop_, std::move(connection)));
}

}  // namespace millrace::io::sim
