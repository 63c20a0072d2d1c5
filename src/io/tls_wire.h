// The layer below an OpenSSL session: the inner stream as a BIO, with the bytes that were read
// before the session existed, and those that wait to be written. One thread.
#pragma once

#include <openssl/bio.h>

#include <memory>

#include "base/result.h"
#include "io/stream.h"
#include "io/tls_greeting.h"
#include "io/tls_unsent.h"

namespace millrace::io {

class TlsWire {
 public:
  // Both must outlive it.
  TlsWire(Stream& inner, TlsLinger& linger);
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  // A server's session reads the first record before it exists. True: it is complete and may be a
  // ClientHello; false: the rest has not arrived. Errors: it is none, or the peer has closed; a
  // peer that leaves without a byte, as probes do, is reported as kCancelled.
  Result<bool> read_greeting();
  bool has_greeted() const { return greeting_.size() != 0; }

  // For SSL_set_bio, which takes it over; this object must outlive the session. Once.
  BIO* make_bio();
  // The session reads no more.
  void stop_reading() { is_stopped_ = true; }
  // The inner stream ended, in order or not.
  bool has_ended() const { return has_ended_; }
  // A read of the inner stream has failed; its error() says why.
  bool has_failed() const { return has_failed_; }
  // Encrypted bytes, which the owner of the session sends.
  TlsUnsent& unsent() { return unsent_; }

 private:
  static BIO_METHOD* make_method();
  static int write(BIO* bio, const char* data, int size);
  static int read(BIO* bio, char* data, int size);
  static long control(BIO* bio, int command, long number, void* pointer);

  Stream& inner_;
  const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> method_;
  TlsGreeting greeting_;
  TlsUnsent unsent_;
  bool is_stopped_ = false;
  bool has_ended_ = false;
  bool has_failed_ = false;
};

}  // namespace millrace::io
