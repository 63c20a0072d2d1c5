// Explains why a TLS handshake failed, in words that help to correct the configuration.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace millrace::io {

struct TlsFailure {
  SSL* ssl = nullptr;
  int outcome = 0;  // SSL_get_error
  // The error of the inner stream; empty: it did not break.
  std::string broken;
  bool inner_ended = false;
  bool is_client = false;
  std::string server_name;  // clients: the name to verify
};

// Removes the oldest error from this thread's OpenSSL queue.
std::string explain(const TlsFailure& failure);

// The alert that the peer sent before it closed; empty: none. A peer that refuses this side (for
// its certificate, say) sends an alert and closes. A write then sees the reset first, although the
// alert is readable.
std::string peek_alert(SSL* ssl);

}  // namespace millrace::io
