#include "io/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/allocation_name.h"
#include "base/check.h"
#include "io/address.h"
#include "io/tls_failure.h"
#include "io/tls_material.h"
#include "io/tls_records.h"
#include "io/tls_session.h"

namespace millrace::io {

namespace {
constexpr unsigned kRead = static_cast<unsigned>(Interest::kRead);
constexpr unsigned kWrite = static_cast<unsigned>(Interest::kWrite);
// The limit of encrypted bytes that the inner stream has not accepted; beyond it a write accepts
// none. A server has many untrusted peers, so the limit is one record; clients send large batches.
constexpr size_t kServerUnsentBytesMax = kTlsRecordBytes;
constexpr size_t kClientUnsentBytesMax = 128 << 10;
// The records decrypted in one read, so that records of one byte each do not block the loop.
constexpr int kReadRecordsMax = 32;
// OpenSSL's buffer for reading, where a session reads ahead: clients do. A server's is smaller than
// what needs a name.
constexpr size_t kSessionBufferBytesMax = size_t{96} << 10;
constexpr const char* kSessionBuffer = "constant connection to a back end";
}  // namespace

TlsStream::TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
                     std::shared_ptr<TlsServerContext> context)
    : loop_(loop),
      linger_(linger),
      inner_(std::move(inner)),
      wire_(*inner_, linger),
      server_context_(std::move(context)),
      alive_(std::make_shared<TlsStream*>(this)),
      phase_(Phase::kGreeting),
      unsent_bytes_max_(kServerUnsentBytesMax) {
  owner_.context = &server_context_->context();
  inner_->set_handler(this);
  start_deadline(server_context_->context());
  update_inner_interest();
}

TlsStream::TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
                     const ConnectOptions& options)
    : loop_(loop),
      linger_(linger),
      inner_(std::move(inner)),
      wire_(*inner_, linger),
      client_context_(options.tls),
      server_name_(options.server_name),
      offered_alpn_(options.alpn),
      alive_(std::make_shared<TlsStream*>(this)),
      phase_(Phase::kConnecting),
      unsent_bytes_max_(kClientUnsentBytesMax) {
  TlsContext& context = client_context_->context();
  if (!context.options().server_name_override.empty()) {
    server_name_ = context.options().server_name_override;
  }
  const auto parsed = parse_address(options.address.text);
  if (server_name_.empty() && parsed) server_name_ = parsed->host;
  owner_.context = &context;
  owner_.peer = server_name_ + "|" + options.address.text + "|" + to_alpn_wire(offered_alpn_);
  inner_->set_handler(this);
  inner_->set_interest(Interest::kWrite);
}

TlsStream::~TlsStream() {
  *alive_ = nullptr;
  if (ssl_ && phase_ == Phase::kOpen && !broken_) {
    ERR_clear_error();
    if (!shut_down_) SSL_shutdown(ssl_.get());  // close_notify
    flush();
  }
  if (broken_ || phase_ != Phase::kOpen || wire_.unsent().empty()) return;
  ssl_.reset();
  inner_->set_handler(nullptr);
  wire_.unsent().hand_over(std::move(inner_));
}

void TlsStream::start_deadline(TlsContext& context) {
  deadline_ = loop_.make_timer([this] {
    fail_handshake("not done within " +
                       std::to_string(std::chrono::ceil<std::chrono::seconds>(
                                          owner_.context->options().handshake_timeout)
                                          .count()) +
                       " s",
                   server_context_ ? Code::kDeadlineExceeded : Code::kUnavailable);
  });
  deadline_->arm_at(loop_.now() + context.options().handshake_timeout);
}

bool TlsStream::gather_greeting() {
  const Result<bool> complete = wire_.read_greeting();
  if (!complete) fail_handshake(complete.error().message, complete.error().code);
  return complete && *complete;
}

void TlsStream::start(TlsContext& context) {
  phase_ = Phase::kHandshake;
  ssl_ = context.start_session(owner_, loop_.now());
  MILLRACE_CHECK(ssl_ != nullptr);
  BIO* const bio = wire_.make_bio();
  SSL_set_bio(ssl_.get(), bio, bio);
  if (server_context_) return SSL_set_accept_state(ssl_.get());
  start_deadline(context);
  SSL_set_connect_state(ssl_.get());
  set_up_client_session(ssl_.get(), server_name_, offered_alpn_);
  if (const auto session = context.take_session(owner_.peer)) {
    SSL_set_session(ssl_.get(), session.get());
  }
}

void TlsStream::on_ready(Interest ready) {
  const auto bits = static_cast<unsigned>(ready);
  if (phase_ == Phase::kConnecting) start(*owner_.context);
  if (phase_ == Phase::kGreeting) {
    if (!gather_greeting()) return;
    start(*owner_.context);
  }
  if (phase_ == Phase::kHandshake) {
    const std::shared_ptr<TlsStream*> alive = alive_;
    linger_.handshakes().take_step(*this, inner_->peer_address());
    if (*alive != nullptr) update_inner_interest();
    return;
  }
  if (phase_ == Phase::kFailed) return;
  if ((bits & kWrite) != 0) flush();
  unsigned wanted = 0;
  if ((bits & kRead) != 0 || may_have_more_ || wire_.has_ended()) wanted |= kRead;
  if ((bits & kWrite) != 0 && wire_.unsent().empty()) wanted |= kWrite;
  if (broken_) wanted = kRead | kWrite;
  call_handler(wanted);
}

// Calls the handler for the events that it has interest in; may destroy this stream.
void TlsStream::call_handler(unsigned ready) {
  const std::shared_ptr<TlsStream*> alive = alive_;
  if (handler_ != nullptr && (ready & interest_) != 0) {
    handler_->on_ready(static_cast<Interest>(ready & interest_));
    if (*alive == nullptr) return;
  } else if (handler_ != nullptr && broken_ && interest_ == 0) {
    return report_failure();
  }
  update_inner_interest();
}

void TlsStream::report_failure() {
  leave();  // leaves the queue of handshakes
  phase_ = Phase::kFailed;
  inner_->set_interest(Interest::kNone);
  if (handler_ != nullptr) handler_->on_failed(error_);
}

void TlsStream::on_failed(const Error& error) {
  const bool is_probe = phase_ == Phase::kGreeting && !wire_.has_greeted();
  break_with({is_probe ? Code::kCancelled : error.code, error.message});
  if (phase_ == Phase::kOpen && interest_ != 0) {
    // Decrypted bytes may be left for the handler, or a read returns kError.
    return call_handler(kRead | kWrite);
  }
  deadline_.reset();
  report_failure();
}

// After a call of OpenSSL that may have read from the inner stream.
void TlsStream::note_wire_error() {
  if (wire_.has_failed()) break_with(inner_->error());
}

void TlsStream::break_with(Error error) {
  if (broken_) return;
  broken_ = true;
  error_ = std::move(error);
}

int TlsStream::do_handshake() {
  const AllocationName name(kSessionBuffer, kSessionBufferBytesMax);
  return SSL_do_handshake(ssl_.get());
}

void TlsStream::step() {
  ERR_clear_error();
  const int outcome = do_handshake();
  const int error = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
  note_wire_error();
  std::string why;
  if (outcome != 1 && error != SSL_ERROR_WANT_READ) {
    why = explain({.ssl = ssl_.get(),
                   .outcome = error,
                   .broken = broken_ ? error_.message : std::string(),
                   .inner_ended = wire_.has_ended(),
                   .is_client = client_context_ != nullptr,
                   .server_name = server_name_});
  }
  flush();  // sends also the alert that tells the peer the reason
  if (outcome == 1 && !broken_) return finish_handshake();
  if (error != SSL_ERROR_WANT_READ || broken_) {
    return fail_handshake(why.empty() ? error_.message : why);
  }
  update_inner_interest();
}

void TlsStream::fail_handshake(std::string why, Code code) {
  error_ = Error{code, "TLS handshake with " + inner_->peer_address() + ": " + std::move(why)};
  broken_ = true;
  if (deadline_) deadline_->disarm();
  report_failure();
}

void TlsStream::finish_handshake() {
  phase_ = Phase::kOpen;
  established_ = true;
  deadline_.reset();
  SSL_set_msg_callback(ssl_.get(), on_tls_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  may_have_more_ = SSL_has_pending(ssl_.get()) == 1;
  const std::shared_ptr<TlsStream*> alive = alive_;
  // Reported whatever the interest is, like the end of any connection attempt.
  if (handler_ != nullptr) {
    handler_->on_ready(Interest::kWrite);
    if (*alive == nullptr) return;
  }
  update_inner_interest();
}

Error TlsStream::explain_failed_write() {
  Error error = inner_->error();
  if (phase_ != Phase::kOpen) return error;
  const std::string words = peek_alert(ssl_.get());
  if (!words.empty() && !wire_.has_ended()) {
    error.message = "TLS connection with " + inner_->peer_address() + ": " + words;
  }
  return error;
}

void TlsStream::flush() {
  if (broken_) return;
  const IoOutcome outcome = wire_.unsent().write_to(*inner_);
  if (outcome == IoOutcome::kError) return break_with(explain_failed_write());
  if (outcome == IoOutcome::kOk && shut_down_ && !inner_shut_down_) {
    inner_shut_down_ = true;
    inner_->shutdown_write();
  }
}

void TlsStream::on_tls_message(int, int, int type, const void*, size_t, SSL*, void* self) {
  if (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT) {
    static_cast<TlsStream*>(self)->note_control_message();
  }
}

void TlsStream::note_control_message() {
  if (control_limit_.admit(loop_.now())) return;
  flooded_ = true;
  wire_.stop_reading();
  break_with(Error{Code::kResourceExhausted, "TLS connection with " + inner_->peer_address() +
                                                 ": too many messages that carry no data"});
}

void TlsStream::update_inner_interest() {
  unsigned inner = 0;
  if (phase_ == Phase::kHandshake || phase_ == Phase::kGreeting) {
    inner = waits() ? 0 : kRead;
  } else if (phase_ == Phase::kOpen) {
    inner = interest_;
  } else {
    return;
  }
  if (!wire_.unsent().empty()) inner |= kWrite;
  if (wire_.has_ended()) inner &= ~kRead;
  inner_->set_interest(static_cast<Interest>(inner));
  // Bytes inside the session cause no event of the inner stream.
  const bool readable = may_have_more_ || wire_.has_ended() || broken_;
  if (phase_ == Phase::kOpen && handler_ != nullptr &&
      ((readable && (interest_ & kRead) != 0) || (broken_ && interest_ != 0))) {
    call_soon();
  }
}

void TlsStream::call_soon() {
  if (std::exchange(call_posted_, true)) return;
  loop_.post([alive = alive_] {
    TlsStream* self = *alive;
    if (self == nullptr) return;
    self->call_posted_ = false;
    if (self->phase_ == Phase::kOpen) self->on_ready(Interest::kNone);
  });
}

void TlsStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  update_inner_interest();
}

void TlsStream::set_interest(Interest interest) {
  interest_ = static_cast<unsigned>(interest);
  update_inner_interest();
}

IoResult TlsStream::read(std::span<uint8_t> into) {
  if (phase_ != Phase::kOpen) {
    return {broken_ ? IoOutcome::kError : IoOutcome::kWouldBlock, 0};
  }
  if (flooded_) return {IoOutcome::kError, 0};
  size_t total = 0;
  int error = SSL_ERROR_NONE;
  for (int i = 0; i < kReadRecordsMax && total < into.size() && error == SSL_ERROR_NONE; ++i) {
    const AllocationName name(kSessionBuffer, kSessionBufferBytesMax);
    size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &count);
    error = SSL_get_error(ssl_.get(), outcome);
    total += count;
  }
  note_wire_error();
  may_have_more_ = error == SSL_ERROR_NONE && SSL_has_pending(ssl_.get()) == 1;
  if (!wire_.unsent().empty()) {
    flush();  // sends the answer to a key update
    update_inner_interest();
  }
  if (total > 0) {
    // The next read reports an end or error that was found behind these bytes.
    may_have_more_ = may_have_more_ || error != SSL_ERROR_WANT_READ;
    return {IoOutcome::kOk, total};
  }
  if (error == SSL_ERROR_WANT_READ) return {IoOutcome::kWouldBlock, 0};
  if (error == SSL_ERROR_ZERO_RETURN) {
    may_have_more_ = true;
    return {IoOutcome::kEnd, 0};
  }
  const std::string reason = ERR_peek_error() != 0 ? take_openssl_error() : "";
  break_with(
      Error{Code::kUnavailable, "TLS connection with " + inner_->peer_address() + ": " +
                                    (wire_.has_ended() ? "ended without close_notify" : reason)});
  return {IoOutcome::kError, 0};
}

bool TlsStream::encrypt(std::span<const uint8_t> record) {
  size_t count = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_.get(), record.data(), record.size(), &count) == 1 &&
      count == record.size()) {
    return true;
  }
  break_with(Error{Code::kUnavailable,
                   "TLS connection with " + inner_->peer_address() + ": " + take_openssl_error()});
  return false;
}

IoResult TlsStream::write(std::span<const iovec> from) {
  MILLRACE_DCHECK(!shut_down_);
  if (broken_) return {IoOutcome::kError, 0};
  if (phase_ != Phase::kOpen || !wire_.unsent().empty()) return {IoOutcome::kWouldBlock, 0};
  const std::optional<size_t> total = cut_records(
      from,
      [this](size_t gathered) { return wire_.unsent().size() + gathered < unsent_bytes_max_; },
      [this](std::span<const uint8_t> record) { return encrypt(record); });
  if (!total) return {IoOutcome::kError, 0};
  flush();
  update_inner_interest();
  return broken_ ? IoResult{IoOutcome::kError, 0} : IoResult{IoOutcome::kOk, *total};
}

void TlsStream::shutdown_write() {
  if (shut_down_ || broken_ || phase_ != Phase::kOpen) return;
  shut_down_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  flush();
  update_inner_interest();
}

TlsInfo TlsStream::tls() const {
  TlsInfo info;
  info.active = true;
  info.established = established_;
  if (phase_ != Phase::kOpen) return info;
  describe_session(ssl_.get(), info);
  return info;
}

}  // namespace millrace::io
