#include "io/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "io/address.h"
#include "io/tls_failure.h"
#include "io/tls_peer.h"

namespace millrace::io {

namespace {
constexpr unsigned kRead = static_cast<unsigned>(Interest::kRead);
constexpr unsigned kWrite = static_cast<unsigned>(Interest::kWrite);
constexpr size_t kRecordBytes = 16 << 10;
// The limit of encrypted bytes that the inner stream has not accepted; beyond it a write accepts
// none. A server has many untrusted peers, so the limit is one record; clients send large batches.
constexpr size_t kServerUnsentBytesMax = kRecordBytes;
constexpr size_t kClientUnsentBytesMax = 128 << 10;
// The records decrypted in one read, so that records of one byte each do not block the loop.
constexpr int kReadRecordsMax = 32;
// The limit of key updates, alerts, session tickets and refused renegotiations of an open session;
// a well-behaved peer sends two or three altogether. Each costs microseconds, and some an answer.
constexpr int kControlMessagesMax = 32;
constexpr Duration kControlInterval = 60s;
}  // namespace

BIO_METHOD* TlsStream::make_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "stream");
  MILLRACE_CHECK(method != nullptr);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

// Accepts everything; flush() sends it.
int TlsStream::bio_write(BIO* bio, const char* data, int size) {
  auto* self = static_cast<TlsStream*>(BIO_get_data(bio));
  if (self->unsent_.capacity() == 0) self->unsent_ = self->linger_.take_buffer();
  self->unsent_.insert(self->unsent_.end(), data, data + size);
  return size;
}

int TlsStream::bio_read(BIO* bio, char* data, int size) {
  auto* self = static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (self->flooded_) return -1;
  const std::span into(reinterpret_cast<uint8_t*>(data), static_cast<size_t>(size));
  if (!self->greeting_.empty()) return static_cast<int>(self->greeting_.take(into));
  const IoResult result = self->inner_->read(into);
  switch (result.outcome) {
    case IoOutcome::kOk:
      return static_cast<int>(result.count);
    case IoOutcome::kWouldBlock:
      BIO_set_retry_read(bio);
      return -1;
    case IoOutcome::kEnd:
      self->inner_ended_ = true;
      return 0;
    case IoOutcome::kError:
      self->break_with(self->inner_->error());
      return -1;
  }
  return -1;
}

long TlsStream::bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->inner_ended_;
  return 0;
}

TlsStream::TlsStream(Loop& loop, TlsLinger& linger, std::unique_ptr<Stream> inner,
                     std::shared_ptr<TlsServerContext> context)
    : loop_(loop),
      linger_(linger),
      inner_(std::move(inner)),
      server_context_(std::move(context)),
      bio_method_(make_bio_method(), BIO_meth_free),
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
      client_context_(options.tls),
      bio_method_(make_bio_method(), BIO_meth_free),
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
  if (broken_ || phase_ != Phase::kOpen || unsent_.empty()) return;
  ssl_.reset();
  inner_->set_handler(nullptr);
  linger_.add(std::move(inner_), std::move(unsent_), unsent_start_);
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
  for (;;) {
    const Result<size_t> wanted = greeting_.bytes_wanted();
    if (!wanted) {
      fail_handshake(wanted.error().message);
      return false;
    }
    if (greeting_.size() >= *wanted) return true;
    uint8_t bytes[2048];
    const IoResult result =
        inner_->read(std::span(bytes, std::min(sizeof bytes, *wanted - greeting_.size())));
    if (result.outcome == IoOutcome::kWouldBlock) return false;
    if (result.outcome != IoOutcome::kOk) {
      const bool ended = result.outcome == IoOutcome::kEnd;
      fail_handshake(ended ? "the peer closed the connection" : inner_->error().message,
                     greeting_.size() == 0 ? Code::kCancelled : Code::kUnavailable);
      return false;
    }
    greeting_.append(std::span(bytes, result.count));
  }
}

void TlsStream::start(TlsContext& context) {
  phase_ = Phase::kHandshake;
  ssl_ = context.start_session(owner_, loop_.now());
  MILLRACE_CHECK(ssl_ != nullptr);
  BIO* bio = BIO_new(bio_method_.get());
  MILLRACE_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (server_context_) return SSL_set_accept_state(ssl_.get());
  start_deadline(context);
  SSL_set_connect_state(ssl_.get());
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_.get());
  // As in Go, the alternative names of the certificate count and its common name does not.
  X509_VERIFY_PARAM_set_hostflags(
      verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_numeric_host(server_name_)) {
    X509_VERIFY_PARAM_set1_ip_asc(verify, server_name_.c_str());
  } else if (!server_name_.empty()) {
    X509_VERIFY_PARAM_set1_host(verify, server_name_.data(), server_name_.size());
    SSL_set_tlsext_host_name(ssl_.get(), server_name_.c_str());
  }
  if (!offered_alpn_.empty()) {
    const std::string wire = to_alpn_wire(offered_alpn_);
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
  }
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
  if ((bits & kRead) != 0 || may_have_more_ || inner_ended_) wanted |= kRead;
  if ((bits & kWrite) != 0 && unsent_.empty()) wanted |= kWrite;
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
  const bool is_probe = phase_ == Phase::kGreeting && greeting_.size() == 0;
  break_with({is_probe ? Code::kCancelled : error.code, error.message});
  if (phase_ == Phase::kOpen && interest_ != 0) {
    // Decrypted bytes may be left for the handler, or a read returns kError.
    return call_handler(kRead | kWrite);
  }
  deadline_.reset();
  report_failure();
}

void TlsStream::break_with(Error error) {
  if (broken_) return;
  broken_ = true;
  error_ = std::move(error);
}

void TlsStream::step() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  const int error = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
  std::string why;
  if (outcome != 1 && error != SSL_ERROR_WANT_READ) {
    why = explain({.ssl = ssl_.get(),
                   .outcome = error,
                   .broken = broken_ ? error_.message : std::string(),
                   .inner_ended = inner_ended_,
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
  if (!words.empty() && !inner_ended_) {
    error.message = "TLS connection with " + inner_->peer_address() + ": " + words;
  }
  return error;
}

void TlsStream::flush() {
  while (unsent_start_ < unsent_.size() && !broken_) {
    const iovec piece{unsent_.data() + unsent_start_, unsent_.size() - unsent_start_};
    const IoResult result = inner_->write(std::span(&piece, 1));
    if (result.outcome == IoOutcome::kError) return break_with(explain_failed_write());
    if (result.outcome != IoOutcome::kOk) return keep_unsent();
    unsent_start_ += result.count;
  }
  if (unsent_start_ < unsent_.size()) return;
  unsent_start_ = 0;
  linger_.return_buffer(std::exchange(unsent_, {}));
  if (shut_down_ && !inner_shut_down_ && !broken_) {
    inner_shut_down_ = true;
    inner_->shutdown_write();
  }
}

void TlsStream::keep_unsent() {
  const size_t left = unsent_.size() - unsent_start_;
  if (unsent_start_ == 0 && unsent_.capacity() <= 2 * left) return;
  std::vector<uint8_t> kept(unsent_.begin() + static_cast<ptrdiff_t>(unsent_start_), unsent_.end());
  std::swap(unsent_, kept);
  unsent_start_ = 0;
  linger_.return_buffer(std::move(kept));
}

void TlsStream::on_tls_message(int, int, int type, const void*, size_t, SSL*, void* self) {
  if (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT) {
    static_cast<TlsStream*>(self)->note_control_message();
  }
}

void TlsStream::note_control_message() {
  const MonotonicTime now = loop_.now();
  if (now >= control_since_ + kControlInterval) {
    control_since_ = now;
    control_messages_ = 0;
  }
  if (++control_messages_ <= kControlMessagesMax) return;
  flooded_ = true;
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
  if (!unsent_.empty()) inner |= kWrite;
  if (inner_ended_) inner &= ~kRead;
  inner_->set_interest(static_cast<Interest>(inner));
  // Bytes inside the session cause no event of the inner stream.
  const bool readable = may_have_more_ || inner_ended_ || broken_;
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
    size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &count);
    error = SSL_get_error(ssl_.get(), outcome);
    total += count;
  }
  may_have_more_ = error == SSL_ERROR_NONE && SSL_has_pending(ssl_.get()) == 1;
  if (!unsent_.empty()) {
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
  break_with(Error{Code::kUnavailable, "TLS connection with " + inner_->peer_address() + ": " +
                                           (inner_ended_ ? "ended without close_notify" : reason)});
  return {IoOutcome::kError, 0};
}

bool TlsStream::encrypt(const uint8_t* data, size_t size) {
  size_t count = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_.get(), data, size, &count) == 1 && count == size) return true;
  break_with(Error{Code::kUnavailable,
                   "TLS connection with " + inner_->peer_address() + ": " + take_openssl_error()});
  return false;
}

IoResult TlsStream::write(std::span<const iovec> from) {
  MILLRACE_DCHECK(!shut_down_);
  if (broken_) return {IoOutcome::kError, 0};
  if (phase_ != Phase::kOpen || !unsent_.empty()) return {IoOutcome::kWouldBlock, 0};
  size_t total = 0, gathered = 0;
  uint8_t record[kRecordBytes];
  // Small pieces share a record; whole records of a large piece are encrypted in place.
  for (const iovec& piece : from) {
    const auto* data = static_cast<const uint8_t*>(piece.iov_base);
    size_t left = piece.iov_len;
    while (left > 0 && unsent_.size() + gathered < unsent_bytes_max_) {
      const bool in_place = gathered == 0 && left >= kRecordBytes;
      const size_t part = std::min(left, kRecordBytes - gathered);
      if (in_place) {
        if (!encrypt(data, part)) return {IoOutcome::kError, 0};
      } else {
        std::memcpy(record + gathered, data, part);
        gathered += part;
        if (gathered == kRecordBytes) {
          if (!encrypt(record, gathered)) return {IoOutcome::kError, 0};
          gathered = 0;
        }
      }
      data += part;
      left -= part;
      total += part;
    }
    if (left > 0) break;
  }
  if (gathered > 0 && !encrypt(record, gathered)) return {IoOutcome::kError, 0};
  flush();
  update_inner_interest();
  return broken_ ? IoResult{IoOutcome::kError, 0} : IoResult{IoOutcome::kOk, total};
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
  info.resumed = SSL_session_reused(ssl_.get()) == 1;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  info.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_mode(ssl_.get()) == SSL_VERIFY_NONE) return info;
  info.peer_subject = subject_of(certificate);
  info.peer_names = names_of(certificate);
  return info;
}

}  // namespace millrace::io
