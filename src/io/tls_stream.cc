#include "io/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "io/address.h"
#include "io/tls_peer.h"

namespace millrace::io {

namespace {
constexpr unsigned kRead = static_cast<unsigned>(Interest::kRead);
constexpr unsigned kWrite = static_cast<unsigned>(Interest::kWrite);
constexpr size_t kRecordBytes = 16 << 10;
// Encrypted and not yet taken by the inner stream; a write stops taking bytes beyond it.
constexpr size_t kUnsentBytesMax = 128 << 10;
}  // namespace

BIO_METHOD* TlsStream::make_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "stream");
  MILLRACE_CHECK(method != nullptr);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

// Takes everything; flush() sends it.
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
  const IoResult result =
      self->inner_->read(std::span(reinterpret_cast<uint8_t*>(data), static_cast<size_t>(size)));
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
      alive_(std::make_shared<TlsStream*>(this)) {
  owner_.context = &server_context_->context();
  inner_->set_handler(this);
  start(server_context_->context());
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
      alive_(std::make_shared<TlsStream*>(this)) {
  TlsContext& context = client_context_->context();
  if (!context.options().server_name_override.empty()) {
    server_name_ = context.options().server_name_override;
  }
  if (server_name_.empty()) {
    if (const auto parsed = parse_address(options.address.text)) server_name_ = parsed->host;
  }
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

void TlsStream::start(TlsContext& context) {
  phase_ = Phase::kHandshake;
  deadline_ = loop_.make_timer([this] {
    fail_handshake("not done within " +
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(
                                      owner_.context->options().handshake_timeout)
                                      .count()) +
                   " s");
  });
  deadline_->arm_at(loop_.now() + context.options().handshake_timeout);
  ssl_ = context.start_session(owner_, loop_.now());
  MILLRACE_CHECK(ssl_ != nullptr);
  BIO* bio = BIO_new(bio_method_.get());
  MILLRACE_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (server_context_) {
    SSL_set_accept_state(ssl_.get());
    return update_inner_interest();
  }
  SSL_set_connect_state(ssl_.get());
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_.get());
  // As Go: the names of the certificate count, its common name doesn't.
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
  if (phase_ == Phase::kHandshake) return advance_handshake();
  if (phase_ == Phase::kFailed) return;
  if ((bits & kWrite) != 0) flush();
  unsigned wanted = 0;
  if ((bits & kRead) != 0 || may_have_more_ || inner_ended_) wanted |= kRead;
  if ((bits & kWrite) != 0 && unsent_.empty()) wanted |= kWrite;
  if (broken_) wanted = kRead | kWrite;
  call_handler(wanted);
}

// Calls the handler for what it is interested in; may destroy this stream.
void TlsStream::call_handler(unsigned ready) {
  const std::shared_ptr<TlsStream*> alive = alive_;
  if (handler_ != nullptr && (ready & interest_) != 0) {
    handler_->on_ready(static_cast<Interest>(ready & interest_));
    if (*alive == nullptr) return;
  } else if (handler_ != nullptr && broken_ && interest_ == 0) {
    return tell_failure();
  }
  update_inner_interest();
}

void TlsStream::tell_failure() {
  phase_ = Phase::kFailed;
  inner_->set_interest(Interest::kNone);
  if (handler_ != nullptr) handler_->on_failed(error_);
}

void TlsStream::on_failed(const Error& error) {
  break_with(error);
  if (phase_ == Phase::kOpen && interest_ != 0) {
    // Decrypted bytes may be left for it, or a read says kError.
    return call_handler(kRead | kWrite);
  }
  deadline_.reset();
  tell_failure();
}

void TlsStream::break_with(Error error) {
  if (broken_) return;
  broken_ = true;
  error_ = std::move(error);
}

void TlsStream::advance_handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  const int error = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
  const std::string why = outcome == 1 || error == SSL_ERROR_WANT_READ
                              ? std::string()
                              : explain_handshake_failure(error);
  flush();  // also the alert that tells the peer what was wrong
  if (outcome == 1 && !broken_) return finish_handshake();
  if (error != SSL_ERROR_WANT_READ || broken_) {
    return fail_handshake(why.empty() ? error_.message : why);
  }
  update_inner_interest();
}

namespace {

// What a server that speaks clear text does with a TLS greeting is to hang up.
std::string clear_text_hint() {
  return "; it seems not to speak TLS (for clear text: tls::insecure: true)";
}

}  // namespace

std::string TlsStream::explain_handshake_failure(int outcome) {
  const long verified = SSL_get_verify_result(ssl_.get());
  const unsigned long error = ERR_peek_error();
  const std::string reason = error != 0 ? take_openssl_error() : std::string();
  if (broken_) return error_.message + (client_context_ ? clear_text_hint() : "");
  if (verified != X509_V_OK) {
    std::string text = "certificate verification failed: ";
    text += X509_verify_cert_error_string(verified);
    if (client_context_ && verified == X509_V_ERR_HOSTNAME_MISMATCH) {
      text += " (wanted \"" + server_name_ + "\")";
    }
    return text;
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER ||
                                            ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)) {
    return "the peer does not speak TLS (" + reason + ")";
  }
  if (inner_ended_ && client_context_) return "the peer closed the connection" + clear_text_hint();
  if (!reason.empty()) return reason;
  if (inner_ended_ || outcome == SSL_ERROR_SYSCALL) return "the peer closed the connection";
  return "failed";
}

void TlsStream::fail_handshake(std::string why) {
  error_ = Error{Code::kUnavailable,
                 "TLS handshake with " + inner_->peer_address() + ": " + std::move(why)};
  broken_ = true;
  if (deadline_) deadline_->disarm();
  tell_failure();
}

void TlsStream::finish_handshake() {
  phase_ = Phase::kOpen;
  deadline_.reset();
  may_have_more_ = SSL_has_pending(ssl_.get()) == 1;
  const std::shared_ptr<TlsStream*> alive = alive_;
  // Like the end of any connection attempt, it is told whatever the interest is.
  if (handler_ != nullptr) {
    handler_->on_ready(Interest::kWrite);
    if (*alive == nullptr) return;
  }
  update_inner_interest();
}

// A peer that refuses us (our certificate, say) sends an alert and closes; its words are behind the
// reset that a write gets to see first.
Error TlsStream::explain_failed_write() {
  Error error = inner_->error();
  if (phase_ != Phase::kOpen) return error;
  uint8_t byte = 0;
  size_t count = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_SSL && !inner_ended_) {
    const std::string reason = take_openssl_error();
    error.message = "TLS connection with " + inner_->peer_address() + ": " + reason;
  }
  ERR_clear_error();
  return error;
}

void TlsStream::flush() {
  while (unsent_start_ < unsent_.size() && !broken_) {
    const iovec piece{unsent_.data() + unsent_start_, unsent_.size() - unsent_start_};
    const IoResult result = inner_->write(std::span(&piece, 1));
    if (result.outcome == IoOutcome::kError) return break_with(explain_failed_write());
    if (result.outcome != IoOutcome::kOk) return;
    unsent_start_ += result.count;
  }
  if (unsent_start_ < unsent_.size()) return;
  unsent_start_ = 0;
  linger_.give_back(std::exchange(unsent_, {}));
  if (shut_down_ && !inner_shut_down_ && !broken_) {
    inner_shut_down_ = true;
    inner_->shutdown_write();
  }
}

void TlsStream::update_inner_interest() {
  unsigned inner = 0;
  if (phase_ == Phase::kHandshake) {
    inner = kRead;
  } else if (phase_ == Phase::kOpen) {
    inner = interest_;
  } else {
    return;
  }
  if (!unsent_.empty()) inner |= kWrite;
  if (inner_ended_) inner &= ~kRead;
  inner_->set_interest(static_cast<Interest>(inner));
  // What the session holds already makes no event of the inner stream.
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
  size_t total = 0;
  int error = SSL_ERROR_NONE;
  while (total < into.size() && error == SSL_ERROR_NONE) {
    size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &count);
    error = SSL_get_error(ssl_.get(), outcome);
    total += count;
  }
  may_have_more_ = error == SSL_ERROR_NONE && SSL_has_pending(ssl_.get()) == 1;
  if (!unsent_.empty()) {
    flush();  // an answer to a key update
    update_inner_interest();
  }
  if (total > 0) {
    // An end or error that was seen behind these bytes is told by the next read.
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
  // Small pieces share a record; whole records of a large piece are encrypted where they lie.
  for (const iovec& piece : from) {
    const auto* data = static_cast<const uint8_t*>(piece.iov_base);
    size_t left = piece.iov_len;
    while (left > 0 && unsent_.size() + gathered < kUnsentBytesMax) {
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
  if (phase_ != Phase::kOpen) return info;
  info.active = true;
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
