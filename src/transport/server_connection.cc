#include "transport/server_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/http1_connection.h"
#include "transport/http2_connection.h"

namespace millrace::transport {
namespace {

// Taken from the protocol before each write.
constexpr size_t kOutBytesMax = 256 * 1024;
// Half a request line: part of what every connection has reserved.
constexpr size_t kKeptBytesIncluded = 4 * 1024;
// No request line begins like this, so these bytes already tell HTTP/2.
constexpr std::string_view kHttp2Opening = "PRI ";
constexpr uint8_t kTlsHandshake = 0x16;
// A time limit for the first bytes even where none is configured.
constexpr Duration kSniffTimeout = 60s;
constexpr Duration kLingerTimeout = 2s;

}  // namespace

ServerConnection::ServerConnection(ServerContext& context, ConnectionOwner& owner,
                                   std::unique_ptr<io::Stream> stream, Reservation memory)
    : context_(context),
      owner_(owner),
      stream_(std::move(stream)),
      memory_(std::move(memory)),
      landing_(context.landing, context.options.announced_bytes_max),
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

void ServerConnection::on_failed(const Error&) { close_now(); }

void ServerConnection::linger() {
  linger_until_ = context_.loop.now() + kLingerTimeout;
  wake_by(linger_until_);
  stream_->shutdown_write();
}

void ServerConnection::read_once() {
  if (linger_until_ != kNever) {
    const io::IoOutcome outcome = stream_->read(context_.scratch).outcome;
    if (outcome == io::IoOutcome::kEnd || outcome == io::IoOutcome::kError) close_now();
    return;
  }
  std::span<uint8_t> room = landing_.room(kReadRoomMin + unconsumed_.size());
  const bool scratch = room.empty();
  if (scratch) room = context_.scratch;
  const size_t before = unconsumed_.size();
  if (before >= room.size()) return close_now();  // only with scratch: no memory for a long head
  const io::IoResult result = stream_->read(room.subspan(before));
  switch (result.outcome) {
    case io::IoOutcome::kWouldBlock:
      landing_.end_turn();
      return;
    case io::IoOutcome::kError:
      return close_now();
    case io::IoOutcome::kEnd:
      read_ended_ = true;
      landing_.end_turn();
      if (protocol_) protocol_->receive_end();
      return schedule_flush();
    case io::IoOutcome::kOk:
      break;
  }
  std::memcpy(room.data(), unconsumed_.data(), before);
  release_unconsumed();
  if (!scratch) landing_.received(before + result.count);
  take(room.first(before + result.count));
  landing_.end_turn();
}

void ServerConnection::take(std::span<uint8_t> bytes) {
  if (!protocol_ && !sniff(bytes)) {
    if (!closed_) keep(bytes);
    return;
  }
  const size_t consumed = protocol_->receive(bytes);
  keep(bytes.subspan(consumed));
}

std::string ServerConnection::release_unconsumed() {
  unconsumed_memory_ = Reservation();
  return std::exchange(unconsumed_, std::string());
}

void ServerConnection::keep(std::span<const uint8_t> left) {
  if (left.size() <= kKeptBytesIncluded) {
    unconsumed_.assign(left.begin(), left.end());
    return;
  }
  unconsumed_memory_ =
      Reservation::try_make(context_.pool.budget(), MemoryTerm::kSendAhead, left.size());
  if (!unconsumed_memory_) {
    context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "memory",
                                  "requests sent ahead of the answers", peer());
    return close_now();
  }
  unconsumed_.assign(left.begin(), left.end());
}

bool ServerConnection::sniff(std::span<const uint8_t> bytes) {
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kHttp2Opening.size())));
  if (bytes.front() == kTlsHandshake && !stream_->tls().active) {
    context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "tls_on_clear_text_port",
                                  "a TLS handshake came in on a port without tls", peer());
    close_now();
    return false;
  }
  if (!kHttp2Opening.starts_with(text)) {
    protocol_ = std::make_unique<Http1Connection>(*this);
  } else if (text.size() < kHttp2Opening.size()) {
    return false;
  } else {
    protocol_ = std::make_unique<Http2Connection>(*this);
  }
  if (draining_) protocol_->begin_drain();
  return true;
}

bool ServerConnection::flush() {
  // flush_scheduled_ stays set meanwhile: what happens in here needs no further flush.
  while (!closed_) {
    if (out_written_ == out_.size()) {
      out_.clear();
      out_written_ = 0;
      if (linger_until_ != kNever) break;
      if (protocol_) protocol_->write_to(out_, kOutBytesMax);
      if (out_.empty()) {
        if (!protocol_ || !protocol_->wants_unconsumed() || unconsumed_.empty()) break;
        std::string bytes = release_unconsumed();
        take({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
        landing_.end_turn();
        continue;
      }
    }
    const iovec piece{out_.data() + out_written_, out_.size() - out_written_};
    const io::IoResult result = stream_->write({&piece, 1});
    if (result.outcome == io::IoOutcome::kOk) {
      out_written_ += result.count;
      write_progress_at_ = kNever;
      continue;
    }
    if (result.outcome != io::IoOutcome::kWouldBlock) {
      close_now();
      break;
    }
    if (write_progress_at_ == kNever) {
      write_progress_at_ = context_.loop.now();
      wake_by(check_writing(write_progress_at_));
    }
    update_interest();
    flush_scheduled_ = false;
    return true;
  }
  if (closed_) return false;
  const bool done = protocol_ ? protocol_->finished() : (read_ended_ || draining_);
  if (done && linger_until_ == kNever) {
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

void ServerConnection::update_interest() {
  const bool read =
      linger_until_ != kNever || (!read_ended_ && (!protocol_ || protocol_->wants_read()));
  const bool write = out_written_ != out_.size();
  const auto wanted = static_cast<io::Interest>((read ? 1 : 0) | (write ? 2 : 0));
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
  if (linger_until_ != kNever) {
    if (now >= linger_until_) return close_now();
    return wake_by(linger_until_);
  }
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
    context_.observer.on_rejected(Protocol::kHttp, std::nullopt, "timeout",
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
