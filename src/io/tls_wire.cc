#include "io/tls_wire.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace millrace::io {

TlsWire::TlsWire(Stream& inner, TlsLinger& linger)
    : inner_(inner), method_(make_method(), BIO_meth_free), unsent_(linger) {}

BIO_METHOD* TlsWire::make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "stream");
  MILLRACE_CHECK(method != nullptr);
  BIO_meth_set_write(method, write);
  BIO_meth_set_read(method, read);
  BIO_meth_set_ctrl(method, control);
  return method;
}

BIO* TlsWire::make_bio() {
  BIO* bio = BIO_new(method_.get());
  MILLRACE_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

Result<bool> TlsWire::read_greeting() {
  for (;;) {
    const Result<size_t> wanted = greeting_.bytes_wanted();
    if (!wanted) return fail(Code::kUnavailable, wanted.error().message);
    if (greeting_.size() >= *wanted) return true;
    uint8_t bytes[2048];
    const IoResult result =
        inner_.read(std::span(bytes, std::min(sizeof bytes, *wanted - greeting_.size())));
    if (result.outcome == IoOutcome::kWouldBlock) return false;
    if (result.outcome != IoOutcome::kOk) {
      return fail(has_greeted() ? Code::kUnavailable : Code::kCancelled,
                  result.outcome == IoOutcome::kEnd ? "the peer closed the connection"
                                                    : inner_.error().message);
    }
    greeting_.append(std::span(bytes, result.count));
  }
}

// Accepts everything.
int TlsWire::write(BIO* bio, const char* data, int size) {
  auto* self = static_cast<TlsWire*>(BIO_get_data(bio));
  self->unsent_.append({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(size)});
  return size;
}

int TlsWire::read(BIO* bio, char* data, int size) {
  auto* self = static_cast<TlsWire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  if (self->is_stopped_) return -1;
  const std::span into(reinterpret_cast<uint8_t*>(data), static_cast<size_t>(size));
  if (!self->greeting_.empty()) return static_cast<int>(self->greeting_.take(into));
  const IoResult result = self->inner_.read(into);
  switch (result.outcome) {
    case IoOutcome::kOk:
      return static_cast<int>(result.count);
    case IoOutcome::kWouldBlock:
      BIO_set_retry_read(bio);
      return -1;
    case IoOutcome::kEnd:
      self->has_ended_ = true;
      return 0;
    case IoOutcome::kError:
      self->has_failed_ = true;
      return -1;
  }
  return -1;
}

long TlsWire::control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsWire*>(BIO_get_data(bio))->has_ended_;
  return 0;
}

}  // namespace millrace::io
