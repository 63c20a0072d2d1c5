#include "transport/server/server_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"
#include "transport/server/http1_server_protocol.h"
#include "transport/server/http2_server_protocol.h"

namespace millrace::transport {
namespace {

// Taken from the protocol before each write.
constexpr size_t kOutBytesMax = 64 * 1024;
// Unwritten output up to this size is included in the reservation of every connection.
constexpr size_t kOutBytesIncluded = 4 * 1024;
// Half a request line: part of what every connection has reserved.
constexpr size_t kKeptBytesIncluded = 4 * 1024;
// No request line begins like this, so these bytes already tell HTTP/2.
constexpr std::string_view kHttp2Opening = "PRI ";
constexpr uint8_t kTlsHandshake = 0x16;
// A time limit for the first bytes even where none is configured.
constexpr Duration kSniffTimeout = 60s;
constexpr Duration kLingerTimeout = 2s;
// So much is read and dropped at a time while lingering: 64 MB a second, for 1 % of a processor.
constexpr size_t kLingerStepBytes = 64 * 1024;
constexpr Duration kLingerPause = 1ms;

}  // namespace

ServerConnection::ServerConnection(ServerContext& context, ConnectionOwner& owner,
                                   std::unique_ptr<io::Stream> stream, Reservation memory)
    : context_(context),
      owner_(owner),
      stream_(std::move(stream)),
      memory_(std::move(memory)),
      landing_(context.landing, context.options.announced_bytes_max),
      unconsumed_(context.pool.budget(), {.term = MemoryTerm::kSendAhead,
                                          .allocation = "term send_ahead",
                                          .included = kKeptBytesIncluded}),
      out_(context.pool.budget(), {.term = MemoryTerm::kAnswers,
                                   .allocation = "term answers",
                                   .included = kOutBytesIncluded}),
      accepted_at_(context.loop.now()) {
  timer_ = context_.loop.make_timer([this] { on_timer(); });
  wake_by(check_sniffing(accepted_at_));
  stream_->set_handler(this);
  update_interest();
}

ServerConnection::~ServerConnection() {
  // Before the landing that its bodies lie in.
  protocol_.reset();
}

const std::string& ServerConnection::peer() {
  if (peer_.empty()) peer_ = stream_->peer_address();
  return peer_;
}

const io::TlsInfo& ServerConnection::tls() {
  if (tls_ == nullptr) tls_ = std::make_unique<io::TlsInfo>(stream_->tls());
  return *tls_;
}

void ServerConnection::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  owner_.flush_later(*this);
}

void ServerConnection::wake_by(MonotonicTime when) {
  if (when >= timer_at_) return;
  timer_at_ = when;
  timer_->arm_at(when);
}

void ServerConnection::on_ready(io::Interest ready) {
  if (closed_) return;
  if ((static_cast<uint8_t>(ready) & static_cast<uint8_t>(io::Interest::kWrite)) != 0) {
    schedule_flush();
  }
  if ((static_cast<uint8_t>(ready) & static_cast<uint8_t>(io::Interest::kRead)) != 0) read_once();
}

void ServerConnection::on_failed(const Error& error) {
  const io::TlsInfo tls = stream_->tls();
  // A probe that only connects has said nothing that could have failed.
  const bool is_probe = error.code == Code::kCancelled;
  if (!closed_ && tls.active && !tls.established && !is_probe) {
    const bool late = error.code == Code::kDeadlineExceeded;
    context_.observer.on_rejected(context_.options.port_protocol, std::nullopt,
                                  late ? "tls_handshake_timeout" : "tls_handshake", error.message,
                                  peer());
  }
  close_now();
}

// Reports a limit that the stream itself enforced; after any other error the peer has left.
void ServerConnection::report_flood() {
  const Error error = stream_->error();
  if (error.code != Code::kResourceExhausted) return;
  context_.observer.on_rejected(context_.options.port_protocol, std::nullopt, "tls_flood",
                                error.message, peer());
}

void ServerConnection::evict(std::string_view reason, std::string_view detail) {
  if (!closed_) {
    context_.observer.on_rejected(context_.options.port_protocol, std::nullopt, reason, detail,
                                  peer());
    close_now();
  }
  memory_ = Reservation();
}

MonotonicTime ServerConnection::idle_since() const {
  return protocol_ == nullptr ? accepted_at_ : protocol_->idle_since();
}

void ServerConnection::note_whole_request() {
  if (proven_) return;
  proven_ = true;
  memory_.become(MemoryTerm::kConnections);
  owner_.on_proven(*this);
}

void ServerConnection::linger() {
  const MonotonicTime now = context_.loop.now();
  linger_until_ = now + kLingerTimeout;
  linger_read_at_ = now;
  linger_bytes_left_ = protocol_->linger_bytes_max();
  protocol_.reset();  // and what it holds: the end of a connection must cost nothing
  wake_by(linger_until_);
  stream_->shutdown_write();
}

// Cheap and slow: the peer is only given the time to read the last answer.
void ServerConnection::read_lingering() {
  for (size_t dropped = 0; dropped < kLingerStepBytes;) {
    const io::IoResult result = stream_->read(context_.scratch);
    if (result.outcome == io::IoOutcome::kWouldBlock) return;
    if (result.outcome != io::IoOutcome::kOk || result.count >= linger_bytes_left_) {
      return close_now();
    }
    linger_bytes_left_ -= result.count;
    dropped += result.count;
  }
  linger_read_at_ = context_.loop.now() + kLingerPause;
  wake_by(linger_read_at_);
  update_interest();
}

void ServerConnection::read_once() {
  if (lingering()) return read_lingering();
  if (can_resume()) return;
  std::span<uint8_t> room = landing_.room(kReadRoomMin + unconsumed_.size());
  const bool scratch = room.empty();
  if (scratch) room = context_.scratch;
  const size_t before = unconsumed_.size();
  if (before >= room.size()) return close_now();  // only with scratch: no memory for a long head
  const size_t usual = std::min(room.size() - before, pacing_.read_bytes_max());
  // Half a head is followed by as much as there is.
  const size_t wanted = before == 0 ? std::min(usual, landing_.read_bytes_max()) : usual;
  const io::IoResult result = stream_->read(room.subspan(before, wanted));
  switch (result.outcome) {
    case io::IoOutcome::kWouldBlock:
      landing_.end_turn();
      return;
    case io::IoOutcome::kError:
      report_flood();
      return close_now();
    case io::IoOutcome::kEnd:
      read_ended_ = true;
      landing_.end_turn();
      if (protocol_) protocol_->receive_end();
      return schedule_flush();
    case io::IoOutcome::kOk:
      break;
  }
  std::memcpy(room.data(), unconsumed_.rest().data(), before);
  (void)unconsumed_.release();
  if (!scratch) landing_.received(before + result.count);
  const size_t pieces = take(room.first(before + result.count));
  landing_.end_turn();
  pacing_.note_read(before + result.count, pieces, result.count == usual);
}

size_t ServerConnection::take(std::span<uint8_t> bytes) {
  if (!protocol_ && !sniff(bytes)) {
    if (!closed_) keep(bytes);
    return 0;
  }
  size_t pieces = 0;
  for (;;) {
    ++pieces;
    const size_t consumed = protocol_->receive(bytes, pacing_.next_piece());
    bytes = bytes.subspan(consumed);
    if (protocol_->must_flush() || (bytes.empty() && protocol_->should_flush())) write_out();
    if (closed_ || bytes.empty()) return pieces;
    if (consumed == 0 || !out_.empty()) break;
    if (!protocol_->wants_unconsumed() || !slice_is_over()) continue;
    // Without memory for the rest, the protocol looks at it all the same: it is at most one read.
    if (unconsumed_.try_keep(as_text(bytes))) {
      schedule_flush();
      return pieces;
    }
  }
  keep(bytes);
  return pieces;
}

bool ServerConnection::can_resume() const {
  return protocol_ && !unconsumed_.empty() && protocol_->wants_unconsumed();
}

bool ServerConnection::slice_is_over() {
  return pacing_.slice_is_over(context_.loop.now(), context_.loop.read_clock());
}

void ServerConnection::keep(std::span<const uint8_t> left) {
  if (unconsumed_.try_keep(as_text(left))) return;
  context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "memory",
                                "requests sent ahead of the answers", peer());
  close_now();
}

bool ServerConnection::sniff(std::span<const uint8_t> bytes) {
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kHttp2Opening.size())));
  if (bytes.front() == kTlsHandshake && !stream_->tls().active) {
    context_.observer.on_rejected(context_.options.port_protocol, std::nullopt,
                                  "tls_on_clear_text_port",
                                  "a TLS handshake came in on " + stream_->local_address() +
                                      ", which has no tls; the sender should speak clear text "
                                      "(insecure, http://), or this receiver needs tls",
                                  peer());
    close_now();
    return false;
  }
  if (!kHttp2Opening.starts_with(text)) {
    protocol_ = std::make_unique<Http1ServerProtocol>(*this);
  } else if (text.size() < kHttp2Opening.size()) {
    return false;
  } else {
    protocol_ = std::make_unique<Http2ServerProtocol>(*this);
  }
  if (draining_) protocol_->begin_drain();
  return true;
}

bool ServerConnection::flush() {
  // flush_scheduled_ stays set meanwhile: what happens in here needs no further flush.
  for (;;) {
    write_out();
    if (closed_) return false;
    if (lingering() || !out_.empty() || !can_resume()) break;
    // At least one piece in each turn.
    if (pacing_.has_begun_slice(context_.loop.now()) && slice_is_over()) {
      wake_by(context_.loop.now());  // in the next turn
      break;
    }
    std::string bytes = unconsumed_.release();
    take({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    landing_.end_turn();
  }
  const bool done = protocol_ ? protocol_->finished() : (read_ended_ || draining_);
  if (done && out_.empty() && !lingering()) {
    if (!protocol_ || read_ended_ || !protocol_->lingers()) {
      close_now();
      return false;
    }
    linger();
  }
  update_interest();
  flush_scheduled_ = false;
  return true;
}

void ServerConnection::write_out() {
  while (!closed_) {
    if (!out_.empty()) {
      out_.use(write_some(out_.rest()));
      if (closed_ || !out_.empty()) return;
    }
    if (!protocol_ || lingering()) return;
    // One buffer for all connections; what the peer does not take is copied out of it.
    std::string& made = context_.out;
    MILLRACE_DCHECK(made.empty());
    {
      // One more for the zero behind a text.
      const AllocationName name("constant output of a server", 2 * kOutBytesMax + 1);
      protocol_->write_to(made, kOutBytesMax);
    }
    if (made.empty()) return;
    const size_t written = write_some(made);
    if (!closed_ && written != made.size()) keep_out(std::string_view(made).substr(written));
    made.clear();
  }
}

size_t ServerConnection::write_some(std::string_view bytes) {
  size_t written = 0;
  while (written != bytes.size()) {
    const iovec piece{const_cast<char*>(bytes.data()) + written, bytes.size() - written};
    const io::IoResult result = stream_->write({&piece, 1});
    if (result.outcome == io::IoOutcome::kOk) {
      written += result.count;
      write_progress_at_ = kNever;
      continue;
    }
    if (result.outcome != io::IoOutcome::kWouldBlock) {
      close_now();
    } else if (write_progress_at_ == kNever) {
      write_progress_at_ = context_.loop.now();
      wake_by(check_writing(write_progress_at_));
    }
    break;
  }
  return written;
}

void ServerConnection::keep_out(std::string_view unwritten) {
  if (out_.try_keep(unwritten)) return;
  context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "memory",
                                "answers that the peer does not read", peer());
  close_now();
}

void ServerConnection::update_interest() {
  const bool reads = lingering() ? context_.loop.now() >= linger_read_at_
                                 : !read_ended_ && out_.empty() && !can_resume() &&
                                       (!protocol_ || protocol_->wants_read());
  const auto wanted = static_cast<io::Interest>((reads ? 1 : 0) | (out_.empty() ? 0 : 2));
  if (wanted == interest_) return;
  interest_ = wanted;
  stream_->set_interest(wanted);
}

void ServerConnection::close_now() {
  if (closed_) return;
  closed_ = true;
  timer_->disarm();
  stream_->set_interest(io::Interest::kNone);
  schedule_flush();
}

void ServerConnection::begin_drain() {
  draining_ = true;
  if (protocol_) protocol_->begin_drain();
  schedule_flush();
}

void ServerConnection::on_timer() {
  if (closed_) return;
  timer_at_ = kNever;
  const MonotonicTime now = context_.loop.now();
  if (lingering()) {
    if (now >= linger_until_) return close_now();
    update_interest();
    return wake_by(now < linger_read_at_ ? linger_read_at_ : linger_until_);
  }
  if (can_resume()) schedule_flush();
  wake_by(check_sniffing(now));
  wake_by(check_writing(now));
  if (!closed_ && protocol_) wake_by(protocol_->on_time(now));
}

MonotonicTime ServerConnection::check_sniffing(MonotonicTime now) {
  if (protocol_) return kNever;
  Duration limit = kSniffTimeout;
  if (context_.options.header_timeout > Duration::zero()) {
    limit = context_.options.header_timeout;
  }
  if (now < accepted_at_ + limit) return accepted_at_ + limit;
  if (!unconsumed_.empty()) {
    context_.observer.on_rejected(context_.options.port_protocol, std::nullopt, "timeout",
                                  "the first bytes of a request, then silence", peer());
  }
  close_now();
  return kNever;
}

MonotonicTime ServerConnection::check_writing(MonotonicTime now) {
  if (write_progress_at_ == kNever || context_.options.write_timeout <= Duration::zero()) {
    return kNever;
  }
  const MonotonicTime due = write_progress_at_ + context_.options.write_timeout;
  if (now < due) return due;
  context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "write_timeout",
                                "the peer does not read its answers", peer());
  close_now();
  return kNever;
}

}  // namespace millrace::transport
